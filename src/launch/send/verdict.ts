import { isOurs, type Pasted } from "./decide.ts";
import { squeeze } from "../../core/text/screen-text.ts";
import type { Prompt, PromptRule } from "./prompts/types.ts";
import type { Screen } from "./types.ts";

/** The screen on which Enter was pressed, and the text that its prompt held. */
export interface Submitted {
  readonly screen: Screen;
  readonly prompt: Prompt;
  /** The whole text, with its head. */
  readonly text: string;
  /** The screen before the paste, and the empty prompt on it. */
  readonly pasted: Pick<Pasted, "before" | "prompt">;
  /** The screen a moment after Enter, where another text follows. */
  readonly next?: Screen | undefined;
}

/**
 * The verdict of one look after Enter. `left`: the prompt is empty again, and the message stands above it. `queued`: the prompt is empty,
 * and the program shows the message among those that it keeps for later. `stands`: the prompt holds it as before. `unclear`: none of these.
 */
export type ScreenVerdict = "left" | "queued" | "stands" | "unclear";

/** Judges one look after Enter. */
export function judgeScreen(rule: PromptRule, { screen, prompt, text }: Omit<Submitted, "pasted">, now: Screen): ScreenVerdict {
  const sight = rule.find(now, { prompt, text: "" });
  if (sight.kind === "other") return "unclear";
  const { prompt: current } = sight;
  if (current.typed !== "") {
    const isSame = current.bottom - current.top === prompt.bottom - prompt.top && now.cursor.x === screen.cursor.x;
    return isSame && isOurs(rule, current, text) ? "stands" : "unclear";
  }
  // A program may show its word for a long paste there as well.
  const shown = [text, prompt.typed];
  const queue = rule.readQueue?.(now) ?? "";
  if (shown.some((one) => holds(queue, one))) return "queued";
  if (shown.some((one) => countAbove(now, current, one) > countAbove(screen, prompt, one))) return "left";
  return rule.isVouchedFor === true ? "left" : "unclear";
}

/** So much of a message's start, squeezed, tells it from another one. */
const START_CHARS = 60;
const END_CHARS = 40;

/** A list of messages may show the first line of each alone. */
function holds(shown: string, text: string): boolean {
  return shown.includes(squeeze(text.split("\n")[0]!).slice(0, START_CHARS));
}

/** How often the message, or the end of one whose start has scrolled off, stands above a prompt. */
function countAbove({ lines }: Screen, { top }: Prompt, text: string): number {
  const above = squeeze(lines.slice(0, Math.max(0, top)).join("\n"));
  const ours = squeeze(text);
  const starts = countOf(above, ours.slice(0, START_CHARS));
  return starts > 0 ? starts : countOf(above, ours.slice(-END_CHARS));
}

function countOf(text: string, part: string): number {
  return part === "" ? 0 : text.split(part).length - 1;
}
