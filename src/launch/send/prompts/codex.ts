import { isFrame, squeeze, withoutHints } from "../../../core/text/screen-text.ts";
import type { Known, PromptRule, Seen, Sight } from "./types.ts";
import type { Screen } from "../types.ts";

/** In shell mode the sign is "!". */
const SIGN = /^›(?: |$)/u;
const CONTINUED = /^(?: {2}|\s*$)/u;
/** "  gpt-5.2-codex default · /home/me/app". While codex starts it draws a prompt without this line, and reads no keys. */
const STATUS = /^ {2}\S.* · [/~]/u;

/**
 * The prompt of codex, as codex 0.171.0 shows it: a row with the sign, the visible cursor in it, and below it a blank row and the line with
 * model and folder. A question takes the place of the prompt; in a search the prompt stays, and the cursor is elsewhere.
 */
export const codexRule: PromptRule = {
  find,
  readsKeys: true,
  // "[Pasted Content 1125 chars]" tells that all of them arrived.
  isFold: (word, text) => Number(/^\[PastedContent(\d+)chars\]$/u.exec(word)?.[1]) === Array.from(text).length,
  whyCameUp,
};

function find(screen: Screen, known?: Known): Sight {
  const { lines, cursor } = screen;
  if (!cursor.isVisible) return other("codex's cursor is hidden, as in a question");
  const top = findTop(screen, known);
  if (top === undefined) return other("the cursor is not in codex's prompt");
  const bottom = findBottom(screen, known);
  if (bottom === undefined) return other("codex starts, or has no line with its folder below the prompt");
  const rows = lines.slice(Math.max(0, top), bottom + 1).map((_, at) => withoutHints(screen, Math.max(0, top) + at));
  if (rows.slice(1).some((row) => !CONTINUED.test(row))) return other("the line of the cursor is not codex's prompt");
  const first = top === -1 ? rows[0]! : rows[0]!.slice(1);
  const typed = squeeze([first.replace(MORE, ""), ...rows.slice(1)].join("\n"));
  if (typed === "" && (cursor.y !== top || cursor.x !== 2)) return other("the cursor is not in codex's prompt");
  // The sign stands in the first row that shows, whatever row of the text that is.
  const isEnd = typed !== "" && typed !== known?.text && known?.text.endsWith(typed) === true;
  const isTall = isEnd && (MORE.test(lines[top] ?? "") || lines.slice(0, Math.max(0, top)).every((line) => line.trim() === ""));
  return { kind: "prompt", prompt: { top: isTall ? -1 : top, bottom, sign: "› ", typed } };
}

/** An arrow at the right of the first row tells that the text begins above it. */
const MORE = /\s{2,}↑\s*$/u;

/** A notice at the right of the last row: "⚠ 2 warnings · f2 to view". */
const NOTICE = /^ {20,}\S/u;

/** The row with the sign. A text that is pasted may be taller than the screen; then it is -1. */
function findTop({ lines, cursor }: Screen, known: Known | undefined): number | undefined {
  for (let top = cursor.y; top >= 0; top -= 1) {
    const line = lines[top] ?? "";
    if (SIGN.test(line)) return top;
    if (!CONTINUED.test(line) || STATUS.test(line)) return undefined;
  }
  return known === undefined ? undefined : -1;
}

/** The last row of the input. The line with the folder gives way to a tall text, which was pasted where that line was. */
function findBottom({ lines, cursor }: Screen, known: Known | undefined): number | undefined {
  const status = lines.findIndex((line, row) => row > cursor.y + 1 && STATUS.test(line) && isFrame(lines[row - 1]!));
  if (status !== -1) return status - 2;
  const isLast = lines.slice(cursor.y + 1).every((line) => line.trim() === "" || NOTICE.test(line));
  return known !== undefined && known.text !== "" && isLast ? cursor.y : undefined;
}

/** The words of a menu that opens above the prompt, as for "@". */
const MENU = /\b(?:esc close|enter\/tab|tab insert|type to search)\b/iu;

function whyCameUp(before: Seen, after: Seen): string | undefined {
  const isMenu = ({ screen, prompt }: Seen) => screen.lines.slice(0, prompt.top).some((line) => MENU.test(line));
  return isMenu(after) && !isMenu(before) ? "a menu came up above codex's prompt" : undefined;
}

const other = (why: string): Sight => ({ kind: "other", why });
