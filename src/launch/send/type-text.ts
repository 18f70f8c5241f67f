import { pause } from "../../core/process/pause.ts";
import { poll } from "../../core/process/poll.ts";
import { readTerminalInput } from "../../core/process/terminal-input.ts";
import { IapeerError } from "../../model/errors.ts";
import { decideEnter, decidePaste, type EnterDecision, isOurs, type Pasted } from "./decide.ts";
import { type InputState, notAtPrompt } from "./not-at-prompt.ts";
import type { OpenPane, Unchanged } from "./pane.ts";
import type { Prompt, PromptRule } from "./prompts/types.ts";
import type { Screen } from "./types.ts";
import { squeeze } from "../../core/text/screen-text.ts";
import { isReadWithin } from "./unread.ts";
import type { Submitted } from "./verdict.ts";

/** The time for a program that reads to draw its prompt. */
const SETTLED_MS = 1000;
/** The time for a program to read a paste. */
const READ_MS = 2000;
/** The pause between a paste and its Enter. A program that knows pastes by their speed takes an Enter within 120 ms as a part of one. */
const PAUSE_MS = 150;
/** The time for a paste to show, where nothing else is declared. */
const SHOWN_MS = 3000;
const EVERY_MS = 30;
/** So many keys in a row may take back nothing that shows. */
const MOST_IDLE_KEYS = 2;

/** How a text is typed. */
export interface TypingManner {
  readonly rule: PromptRule;
  readonly tty: string;
  /** The program shows what is typed. Else the text counts as typed when nothing has changed. */
  readonly echoes: boolean;
  /** The program reads whole lines: nothing is between a paste and Enter but the kernel. */
  readonly isLineMode: boolean;
  /** How long the paste may take to show. */
  readonly shownMs?: number | undefined;
  /** How long the program may take to come to its prompt. It may draw, or read what was typed before. */
  readonly readyMs: number;
  /** Tells why the program does not read now, beside what its screen shows. It costs little. */
  readonly whyNotReading: () => string | undefined;
  /** Ends the typing before anything is pasted. What is pasted is submitted or taken back. */
  readonly signal: AbortSignal;
}

/** A text that is one of several, typed one after the other. */
export interface Sequence {
  /** The last look that there was. */
  readonly screen?: Screen | undefined;
  /** Another text follows. */
  readonly hasNext: boolean;
}

/**
 * Types a text into the agent's own empty prompt, and submits it when it stands there alone. Enter and the paste each go in one stroke with
 * a look that finds the screen as it was judged.
 *
 * @throws IapeerError `not-at-prompt`: Enter was not pressed; `interrupted`: nothing was pasted; what the pane throws.
 */
export async function typeText(
  pane: OpenPane,
  text: string,
  { screen, hasNext, ...manner }: TypingManner & Partial<Sequence>,
): Promise<Submitted> {
  const { before, prompt, ...pasted } = await pasteAtPrompt(pane, text, { ...manner, screen });
  // The kernel keeps a line until its end, and a program can read nothing of it before.
  if (!manner.isLineMode) await isReadWithin(manner.tty, READ_MS);
  const readAtMs = performance.now();
  let last: EnterDecision = { kind: "wait", why: "the message does not show in its prompt" };
  let after = before;
  let looked = pasted.after;
  const submit = async (): Promise<Submitted | undefined> => {
    after = looked ?? (await pane.look()).screen;
    looked = undefined;
    last = decide(manner, { before, prompt, after, text });
    if (last.kind !== "enter") return undefined;
    const leftMs = (manner.isLineMode ? 0 : PAUSE_MS) - (performance.now() - readAtMs);
    if (leftMs > 0) await pause(leftMs);
    if (!isInMode(manner)) return undefined;
    const done = await pane.submit(unchanged(after, last.prompt), { thenLook: hasNext === true });
    if (!done.isMade) return undefined;
    return { screen: after, prompt: last.prompt, text, pasted: { before, prompt }, next: done.screen };
  };
  const submitted = await poll(submit, { timeoutMs: manner.shownMs ?? SHOWN_MS, everyMs: EVERY_MS });
  if (submitted !== undefined) return submitted;
  const why = last.kind === "wait" ? last.why : "its screen does not keep still";
  const input = await takeBack(pane, { ...manner, before, prompt, text });
  throw notAtPrompt({ identity: pane.identity, why, screen: after, input });
}

/** Looks until the program is at its empty prompt, and pastes there. */
async function pasteAtPrompt(
  pane: OpenPane,
  text: string,
  { screen: first, ...manner }: TypingManner & { readonly screen: Screen | undefined },
): Promise<{ readonly before: Screen; readonly prompt: Prompt; readonly after?: Screen | undefined }> {
  const { rule, signal, readyMs, whyNotReading } = manner;
  let refused: { readonly why: string; readonly screen: Screen } | undefined;
  let looked = first;
  const startMs = performance.now();
  const paste = async () => {
    const screen = looked ?? (await pane.look()).screen;
    looked = undefined;
    if (signal.aborted) throw interrupted();
    const decision = decidePaste(rule, screen);
    const busy = whyNotReading();
    refused = { why: decision.kind === "refuse" ? decision.why : (busy ?? "its screen does not keep still"), screen };
    // A program that reads, and shows something else than its prompt, is not on its way there.
    if (decision.kind === "refuse" && busy === undefined && performance.now() - startMs > SETTLED_MS) return "refused";
    if (decision.kind === "refuse" || busy !== undefined || !isInMode(manner)) return undefined;
    const { prompt } = decision;
    if (text === "") return { before: screen, prompt, after: screen };
    const stroke = await pane.paste(text, unchanged(screen, prompt));
    return stroke.isMade ? { before: screen, prompt, after: stroke.screen } : undefined;
  };
  const pasted = await poll(paste, { timeoutMs: readyMs, everyMs: EVERY_MS, signal });
  if (pasted !== undefined && pasted !== "refused") return pasted;
  if (signal.aborted) throw interrupted();
  throw notAtPrompt({ identity: pane.identity, ...refused!, input: "untouched" });
}

function interrupted(): IapeerError {
  return new IapeerError("interrupted", "stopped before anything was sent");
}

function decide({ rule, echoes }: TypingManner, pasted: Pasted): EnterDecision {
  // A text of blanks shows as nothing.
  return decideEnter(rule, echoes && squeeze(pasted.text) !== "" ? pasted : { ...pasted, text: "" });
}

function isInMode({ tty, isLineMode }: TypingManner): boolean {
  return readTerminalInput(tty)?.isLineMode === isLineMode;
}

/** The condition for a stroke at a prompt: its first and its last row are as they were. */
export function unchanged(screen: Screen, { top, bottom }: Prompt): Unchanged {
  return { screen, rows: top === -1 || top === bottom ? [bottom] : [top, bottom] };
}

interface Typed extends TypingManner, Omit<Pasted, "after"> {}

/**
 * Takes back what was pasted. It presses a key only where the prompt shows a part of the message and nothing else. The kernel's own lines
 * are an exception: there the key can reach nothing but the line that was begun (termios(3), VKILL).
 */
async function takeBack(pane: OpenPane, typed: Typed): Promise<InputState> {
  if (typed.isLineMode) return await takeBackLine(pane, typed);
  let leftChars = Number.POSITIVE_INFINITY;
  let idleKeys = 0;
  for (;;) {
    const { screen } = await pane.look();
    const sight = typed.rule.find(screen, { prompt: typed.prompt, text: squeeze(typed.text) });
    if (sight.kind === "other") return "holds-message";
    const { prompt } = sight;
    // A text that does not show may show later.
    if (prompt.typed === "") return leftChars === Number.POSITIVE_INFINITY ? "holds-message" : "cleared";
    const isPart = squeeze(typed.text).startsWith(prompt.typed) || isOurs(typed.rule, prompt, typed.text);
    // A key may take a line end alone, which shows in no character.
    idleKeys = prompt.typed.length < leftChars ? 0 : idleKeys + 1;
    if (!isPart || idleKeys > MOST_IDLE_KEYS) return "holds-message";
    leftChars = prompt.typed.length;
    await pane.takeBack(unchanged(screen, prompt));
    await isReadWithin(typed.tty, READ_MS);
    await pause(EVERY_MS);
  }
}

async function takeBackLine(pane: OpenPane, typed: Typed): Promise<InputState> {
  const { screen } = await pane.look();
  if (!isInMode(typed)) return "holds-message";
  return (await pane.takeBack({ screen, rows: [] })).isMade ? "cleared" : "holds-message";
}
