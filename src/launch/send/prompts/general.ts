import { isQuestion, mayBeQuestion } from "../../../core/text/questions.ts";
import { isFrame, splitAt, squeeze, withoutHints } from "../../../core/text/screen-text.ts";
import type { Known, Prompt, PromptRule, Sight } from "./types.ts";
import type { Screen } from "../types.ts";

/** The signs that a prompt may consist of: "> ", "$ ", ">>> ". A "#", "!", "/", ":" or "?" alone is the sign of a mode or of a question. */
const BARE_SIGN = /^(?:[>$%❯›»➜→λ▶⟩]{1,3})\s{0,2}$/u;
/** A prompt with words in it: "ready> ", "me@mill:~$ ", "In the house # ". It has its sign at its end alone, and a blank behind that. */
const WORDED_SIGN = /^(?=.*[\p{L}\p{N}~\])}])[^>$%#❯›»➜→λ▶⟩?!]{1,80}[>$%#❯›»➜→λ▶⟩]{1,3}\s{1,2}$/u;
/** The start of a line that somebody typed at a prompt with another sign: "$ cat <<END". */
const TYPED_LINE = /^[^\s>]*[$%#❯›»➜→λ▶⟩] ?\S/u;

const NEAR_ROWS = 3;
/** A message with its head. It may hold any question. */
const HEAD = /\[\S+:\S+ -> \S+:\S+\] /;

/**
 * The rule for a program that iapeer does not know: the prompt is the line of the visible cursor. A line counts as an empty prompt when a
 * sign stands before the cursor, nothing but frames and hints behind it, and no line around it reads as a question.
 */
export const generalRule: PromptRule = {
  find: (screen, known) => (known === undefined ? findEmpty(screen, whyNotSign) : findKnown(screen, known)),
};

/** The same for a program that reads whole lines. It may read from a line without any sign. */
export const lineRule: PromptRule = {
  find: (screen, known) =>
    known === undefined
      ? findEmpty(screen, (sign) => (isFrame(sign) && sign.trim() === "" ? undefined : whyNotSign(sign)))
      : findKnown(screen, known),
};

/** The rule for a program whose prompt's sign somebody has declared. Lines around it are not judged. An empty sign is a bare line. */
export function declaredRule(sign: string): PromptRule {
  const whyNot = (text: string) =>
    squeeze(text) === squeeze(sign) ? undefined : `the line of the cursor does not begin with ${JSON.stringify(sign)} alone`;
  return {
    find: (screen, known) => (known === undefined ? findEmpty(screen, whyNot, { isVouchedFor: true }) : findKnown(screen, known)),
    whyCameUp: () => undefined,
    isVouchedFor: true,
  };
}

function findEmpty(
  screen: Screen,
  whyNot: (sign: string) => string | undefined,
  { isVouchedFor = false }: { readonly isVouchedFor?: boolean } = {},
): Sight {
  const { cursor } = screen;
  if (!cursor.isVisible) return other("its cursor is hidden");
  const line = withoutHints(screen, cursor.y);
  const [sign, behind] = splitAt(line, cursor.x);
  const asks = isVouchedFor ? undefined : whyAsks(screen, sign);
  if (asks !== undefined) return other(asks);
  const why = whyNot(sign);
  if (why !== undefined) return other(why);
  if (!isFrame(behind)) return other("text stands behind the cursor");
  return { kind: "prompt", prompt: { top: cursor.y, bottom: cursor.y, sign, typed: "" } };
}

function whyNotSign(text: string): string | undefined {
  const sign = text.replace(/^[\s|\u2500-\u259f]+/u, "");
  if (BARE_SIGN.test(sign) || WORDED_SIGN.test(sign)) return undefined;
  return sign.trim() === "" ? "the line of the cursor has no prompt" : "the line of the cursor holds more than an empty prompt";
}

/** Looks for a question on the line of the cursor and in the lines around it. */
function whyAsks({ lines, cursor }: Screen, sign: string): string | undefined {
  if (mayBeQuestion(sign)) return "the line of the cursor asks something";
  const last = lines[cursor.y - 1] ?? "";
  const above = linesOf(lines.slice(0, cursor.y)).slice(-NEAR_ROWS);
  const below = linesOf(lines.slice(cursor.y + 1)).slice(0, NEAR_ROWS);
  const asks = [...above, ...below].some(isQuestion) || (mayBeQuestion(last) && !HEAD.test(last));
  if (asks) return "a line beside the cursor asks something";
  if (/^\s*>+\s*$/.test(sign) && TYPED_LINE.test(last)) return "the line of the cursor goes on with one that was begun above it";
  return undefined;
}

/** The lines that hold more than a frame, and are no message of ours. */
function linesOf(lines: readonly string[]): readonly string[] {
  return lines.filter((line) => !isFrame(line) && !HEAD.test(line));
}

/** Reads what stands behind the sign of a prompt that is known, up to the cursor. */
function findKnown(screen: Screen, known: Known): Sight {
  const { cursor } = screen;
  if (!cursor.isVisible) return other("its cursor is hidden");
  const [, behind] = splitAt(withoutHints(screen, cursor.y), cursor.x);
  if (!isFrame(behind)) return other("text stands behind the cursor");
  let nearest: Prompt | undefined;
  for (let top = cursor.y; top >= -1; top -= 1) {
    const prompt = readFrom(screen, top, known.prompt);
    if (prompt === undefined) continue;
    // The sign may also stand in front of a line of the message.
    if (prompt.typed === known.text || (top === -1 && isEnd(prompt.typed, known.text))) return { kind: "prompt", prompt };
    nearest ??= top === -1 ? undefined : prompt;
  }
  return nearest === undefined ? other("its prompt is gone") : { kind: "prompt", prompt: nearest };
}

/** The prompt whose first row is this one, if that row begins with the sign; for row -1 everything up to the cursor. */
function readFrom({ lines, cursor }: Screen, top: number, { sign }: Prompt): Prompt | undefined {
  const rows = lines.slice(Math.max(0, top), cursor.y + 1);
  while (rows.length < cursor.y + 1 - Math.max(0, top)) rows.push("");
  rows[rows.length - 1] = splitAt(rows.at(-1)!, cursor.x)[0];
  if (top !== -1) {
    const first = rows[0]!.padEnd(sign.length);
    if (!first.startsWith(sign)) return undefined;
    rows[0] = first.slice(sign.length);
  }
  return { top, bottom: cursor.y, sign, typed: squeeze(rows.join("\n")) };
}

/** True for the end of a text that is longer than its screen. */
function isEnd(typed: string, text: string): boolean {
  return typed !== "" && typed.length < text.length && text.endsWith(typed);
}

const other = (why: string): Sight => ({ kind: "other", why });
