import { mayBeQuestion } from "../../core/text/questions.ts";
import { isFrame, squeeze, withoutHints } from "../../core/text/screen-text.ts";
import type { Prompt, PromptRule, Seen } from "./prompts/types.ts";
import type { Screen } from "./types.ts";

/** The first decision: the message may be pasted into this empty prompt, or why not. */
export type PasteDecision =
  | { readonly kind: "paste"; readonly prompt: Prompt }
  | { readonly kind: "refuse"; readonly why: string };

/** Decides from one look whether a message may be pasted. */
export function decidePaste(rule: PromptRule, screen: Screen): PasteDecision {
  const sight = rule.find(screen);
  if (sight.kind === "other") return { kind: "refuse", why: sight.why };
  if (sight.prompt.typed !== "") return { kind: "refuse", why: "half a line stands in its prompt" };
  return { kind: "paste", prompt: sight.prompt };
}

/** The screens around a paste, and the prompt that stood empty before it. */
export interface Pasted {
  readonly before: Screen;
  readonly prompt: Prompt;
  readonly after: Screen;
  /** The whole text that was pasted, with its head. */
  readonly text: string;
}

/**
 * The second decision. `enter`: the prompt holds the message alone, and nothing came up beside it. `wait`: not (yet) so.
 */
export type EnterDecision = { readonly kind: "enter"; readonly prompt: Prompt } | { readonly kind: "wait"; readonly why: string };

/** Decides from a look after the paste whether Enter may be pressed. */
export function decideEnter(rule: PromptRule, { before, prompt: empty, after, text }: Pasted): EnterDecision {
  const ours = squeeze(text);
  const sight = rule.find(after, { prompt: empty, text: ours });
  if (sight.kind === "other") return wait(sight.why);
  const { prompt } = sight;
  if (prompt.typed === "" && ours !== "") return wait("the message does not show in its prompt");
  if (!isOurs(rule, prompt, text)) {
    const isPart = ours.startsWith(prompt.typed);
    return wait(isPart ? "the message does not show as a whole" : "its prompt holds something beside the message");
  }
  const why = (rule.whyCameUp ?? whyCameUp)({ screen: before, prompt: empty }, { screen: after, prompt });
  return why === undefined ? { kind: "enter", prompt } : wait(why);
}

const wait = (why: string): EnterDecision => ({ kind: "wait", why });

/** "[Pasted text #1 +12 lines]", "[Pasted Content 1024 chars]", "[pasted: 3 lines]", squeezed. */
const isAnyFold = (word: string) => /^\[[^[\]]*past[^[\]]*\]$/iu.test(word);
/** No program folds a text that is shorter than this and has one line. */
const FOLDED_CHARS = 200;

/** True when a prompt holds the text alone: all of it, its end where its start has scrolled off, or a word for it. */
export function isOurs(rule: PromptRule, { top, typed }: Prompt, text: string): boolean {
  const ours = squeeze(text);
  if (typed === ours) return true;
  if (top === -1) return typed !== "" && ours.endsWith(typed);
  if (!text.includes("\n") && ours.length < FOLDED_CHARS) return false;
  const start = typed.lastIndexOf("[");
  return start !== -1 && (rule.isFold ?? isAnyFold)(typed.slice(start), text) && ours.startsWith(typed.slice(0, start));
}

/** Tells why the keyboard may have gone elsewhere: lines came or went beside the prompt in another way than text scrolls. */
function whyCameUp(before: Seen, after: Seen): string | undefined {
  const [was, is] = [linesAround(before), linesAround(after)];
  const growth = after.prompt.bottom - after.prompt.top - (before.prompt.bottom - before.prompt.top);
  if (without(is.below, was.below).length > 0) return "something came up below its prompt";
  if (without(was.below, is.below).length > growth) return "something below its prompt went away";
  const came = without(is.above, was.above);
  if (came.some(mayBeQuestion)) return "a question came up above its prompt";
  if (without(was.above, is.above).length > came.length + growth) return "something above its prompt went away";
  return undefined;
}

/** The lines beside a prompt without blank ones, hints, and what programs count up or turn round. */
function linesAround({ screen, prompt: { top, bottom } }: Seen) {
  const pick = (from: number, to: number) =>
    Array.from({ length: Math.max(0, to - from) }, (_, at) => withoutHints(screen, from + at))
      .filter((line) => !isFrame(line))
      .map(steady);
  return { above: pick(0, Math.max(0, top)), below: pick(bottom + 1, screen.lines.length) };
}

/** A line without the figures and spinners in it that move by themselves. */
function steady(line: string): string {
  return line
    .replaceAll(/\d+/g, "0")
    .replaceAll(/[\u2800-\u28ff✢✳✶✻✽∗·●○◐◓◑◒]/gu, "*")
    .trim();
}

/** The lines of one list that the other has less often. */
function without(lines: readonly string[], others: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const line of others) left.set(line, (left.get(line) ?? 0) + 1);
  return lines.filter((line) => {
    const count = left.get(line) ?? 0;
    if (count > 0) left.set(line, count - 1);
    return count === 0;
  });
}
