import { isFrame, squeeze, withoutHints } from "../text.ts";
import type { PromptRule, Seen, Sight } from "./types.ts";
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

function find(screen: Screen): Sight {
  const { lines, cursor } = screen;
  if (!cursor.isVisible) return other("codex's cursor is hidden, as in a question");
  let top = cursor.y;
  while (top > 0 && !SIGN.test(lines[top] ?? "") && CONTINUED.test(lines[top] ?? "") && !STATUS.test(lines[top] ?? "")) top -= 1;
  if (!SIGN.test(lines[top] ?? "")) return other("the cursor is not in codex's prompt");
  const status = lines.findIndex((line, row) => row > cursor.y + 1 && STATUS.test(line) && isFrame(lines[row - 1]!));
  if (status === -1) return other("codex starts, or has no line with its folder below the prompt");
  const bottom = status - 2;
  const rows = lines.slice(top, bottom + 1).map((_, at) => withoutHints(screen, top + at));
  if (rows.slice(1).some((row) => !CONTINUED.test(row))) return other("the line of the cursor is not codex's prompt");
  const typed = squeeze([rows[0]!.slice(1), ...rows.slice(1)].join("\n"));
  if (typed === "" && (cursor.y !== top || cursor.x !== 2)) return other("the cursor is not in codex's prompt");
  return { kind: "prompt", prompt: { top, bottom, sign: "› ", typed } };
}

/** The words of a menu that opens above the prompt, as for "@". */
const MENU = /\b(?:esc close|enter\/tab|tab insert|type to search)\b/iu;

function whyCameUp(before: Seen, after: Seen): string | undefined {
  const isMenu = ({ screen, prompt }: Seen) => screen.lines.slice(0, prompt.top).some((line) => MENU.test(line));
  return isMenu(after) && !isMenu(before) ? "a menu came up above codex's prompt" : undefined;
}

const other = (why: string): Sight => ({ kind: "other", why });
