import { squeeze, withoutHints } from "../../../core/text/screen-text.ts";
import type { PromptRule, Seen, Sight } from "./types.ts";
import type { Screen } from "../types.ts";

/** The lines above and below the input: over the whole width, from the first column on. */
const RULE = /^─{10,}(?: [^─]+ ─+)?$/u;
/** The sign is followed by a no-break space. In shell mode it is "!". */
const SIGN = /^❯(?:[\u00a0 ]|$)/u;
/** The rows of a text that goes on below the sign. */
const CONTINUED = /^(?: {2}|\s*$)/u;

/**
 * The prompt of claude, as claude 2.1.332 shows it: a row with the sign between two lines over the whole width, and the cursor in it. The
 * cursor is always hidden, and stands where the keyboard is. Its menus, dialogs and views have no such lines around the cursor's row; in a
 * search the prompt stays, and the cursor is elsewhere.
 */
export const claudeRule: PromptRule = {
  find,
  readsKeys: true,
  // "[Pasted text #1 +4 lines]", "[Pasted text #2]"
  isFold: (word, text) => {
    const match = /^\[Pastedtext#\d+(?:\+(\d+)lines?)?\]$/u.exec(word);
    return match !== null && Number(match[1] ?? 0) === text.split("\n").length - 1;
  },
  whyCameUp,
  readQueue,
};

function find(screen: Screen): Sight {
  const { lines, cursor } = screen;
  let top = cursor.y;
  while (top > 0 && !SIGN.test(lines[top] ?? "") && CONTINUED.test(lines[top] ?? "")) top -= 1;
  if (!SIGN.test(lines[top] ?? "")) return other("the cursor is not in claude's prompt");
  const below = lines.findIndex((line, row) => row > cursor.y && RULE.test(line));
  if (!RULE.test(lines[top - 1] ?? "") || below === -1) return other("the line of the cursor is not claude's prompt");
  const rows = lines.slice(top, below).map((_, at) => withoutHints(screen, top + at));
  if (rows.slice(1).some((row) => !CONTINUED.test(row))) return other("the line of the cursor is not claude's prompt");
  const typed = squeeze([rows[0]!.slice(1), ...rows.slice(1)].join("\n"));
  // Behind an empty input the cursor stands right behind the sign.
  if (typed === "" && (cursor.y !== top || cursor.x !== 2)) return other("the cursor is not in claude's prompt");
  return { kind: "prompt", prompt: { top, bottom: below - 1, sign: "❯\u00a0", typed } };
}

/** The rows below the prompt that are no menu: the permission mode, and notes about the input. */
const FOOTER = /^\s*(?:⏸|⏵⏵|paste again to expand|-- INSERT --|esc to interrupt|tmux )/u;

/** A menu of files or commands opens below the prompt, in the place of the footer, and takes Enter. */
function whyCameUp(before: Seen, after: Seen): string | undefined {
  const starts = new Set(footerOf(before).map(firstWord));
  const odd = footerOf(after).find((line) => !FOOTER.test(line) && !starts.has(firstWord(line)));
  return odd === undefined ? undefined : "something came up below claude's prompt";
}

function footerOf({ screen, prompt }: Seen): readonly string[] {
  return screen.lines.slice(prompt.bottom + 2).filter((line) => line.trim() !== "");
}

function firstWord(line: string): string {
  return line.trim().split(/\s+/)[0] ?? "";
}

/** The messages that wait for the end of claude's turn: each has the sign, and below it "⎿  Queued". */
function readQueue({ lines }: Screen): string {
  const queued = lines.flatMap((line, row) => {
    if (!/^\s*⎿\s+Queued\b/u.test(line)) return [];
    const top = lines.findLastIndex((one, at) => at < row && SIGN.test(one));
    return top === -1 ? [] : [lines.slice(top, row).join("\n")];
  });
  return squeeze(queued.join("\n"));
}

const other = (why: string): Sight => ({ kind: "other", why });
