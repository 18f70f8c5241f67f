/** The screen of a pane at one moment. */
export interface Screen {
  readonly lines: readonly string[];
  readonly cursor: { readonly isVisible: boolean; readonly x: number; readonly y: number };
}

/** The line of the input that holds the pasted text. */
export interface Mark {
  readonly line: string;
  /** The start of an empty input: its frame and the first word of its prompt; empty when it has none. */
  readonly sign: string;
  /** The line of the input before the paste, as far as it is known. */
  readonly emptyLine: string | undefined;
  /** True when nothing else moved on that screen. */
  readonly isStill: boolean;
}

/** Two screens around a paste. */
export interface Pasted {
  readonly before: Screen;
  readonly after: Screen;
  /** True when the screen did not change by itself, in two looks before and two after the paste. */
  readonly isStill: boolean;
  /** The start of the paste. */
  readonly head: string;
}

/** Blanks, and the lines and corners of frames around inputs. */
const FRAME = String.raw`[\s|\u2500-\u259f]`;
const ONLY_FRAME = new RegExp(`^${FRAME}*$`, "u");
const SIGN = new RegExp(`^${FRAME}*[^\\s|\\u2500-\\u259f]\\S*`, "u");

/** The characters of a head that stand on one line in every pane that a person could read. */
const HEAD_CHARS = 16;

/**
 * Finds the pasted text on the screen: a new line that holds its head, or else the line that the paste changed on a screen that does not
 * move by itself (some programs show "[pasted text, 12 lines]"); undefined when there is neither.
 */
export function findMark({ before, after, isStill, head }: Pasted): Mark | undefined {
  const came = without(after.lines, before.lines);
  const went = without(before.lines, after.lines);
  const start = head.slice(0, HEAD_CHARS);
  const shown = came.findLast((line) => line.includes(start));
  if (shown !== undefined) return markOf(shown, shown.slice(0, shown.indexOf(start)), { after, went, isStill });
  if (!isStill) return undefined;
  for (const line of came) {
    const prompt = longest(went.map((one) => commonStart(one, line)));
    if (!ONLY_FRAME.test(prompt)) return markOf(line, prompt, { after, went, isStill });
  }
  return undefined;
}

function markOf(
  line: string,
  prompt: string,
  { after, went, isStill }: { after: Screen; went: readonly string[]; isStill: boolean },
): Mark {
  const sign = SIGN.exec(prompt)?.[0] ?? "";
  const below = after.lines.slice(after.lines.lastIndexOf(line) + 1);
  // A sign that also stands below the input proves nothing.
  const isClear = sign !== "" && !below.some((one) => one.startsWith(sign));
  return {
    line,
    sign: isClear ? sign : "",
    emptyLine: isClear ? went.findLast((one) => one.startsWith(sign)) : undefined,
    isStill,
  };
}

/** The verdict of one look after Enter: the text has left the input, it stands there unchanged, or the screen does not tell. */
export function judgeScreen(mark: Mark, pasted: Screen, now: Screen): "left" | "stands" | "unclear" {
  const at = now.lines.lastIndexOf(mark.line);
  if (mark.sign !== "" && now.lines.some((line, row) => row > at && isEmptyInput(mark, line, cursorIn(now, row)))) return "left";
  if (at === -1) return mark.sign === "" && mark.isStill ? "left" : "unclear";
  const was = pasted.lines.lastIndexOf(mark.line);
  const isSame = sameFrom(pasted, was) === sameFrom(now, at);
  return isSame ? "stands" : "unclear";
}

function isEmptyInput({ sign, emptyLine }: Mark, line: string, cursorX: number | undefined): boolean {
  if (!line.startsWith(sign)) return false;
  if (line === emptyLine || ONLY_FRAME.test(line.slice(sign.length))) return true;
  // A hint may stand behind the cursor, but typed text stands before it.
  return cursorX !== undefined && takeColumns(line, cursorX).trimEnd() === sign;
}

function cursorIn({ cursor }: Screen, row: number): number | undefined {
  return cursor.isVisible && cursor.y === row ? cursor.x : undefined;
}

/** The screen from one row on, with the cursor relative to that row. */
function sameFrom({ lines, cursor }: Screen, row: number): string {
  return [cursor.x, cursor.y - row, ...lines.slice(row).map((line) => line.trimEnd())].join("\n").trimEnd();
}

function takeColumns(line: string, columns: number): string {
  let taken = "";
  for (const character of line) {
    if (Bun.stringWidth(taken + character) > columns) break;
    taken += character;
  }
  return taken;
}

/** The lines of one screen that the other has less often. */
function without(lines: readonly string[], others: readonly string[]): string[] {
  const left = [...others];
  return lines.filter((line) => {
    const at = left.indexOf(line);
    if (at !== -1) left.splice(at, 1);
    return at === -1;
  });
}

function commonStart(a: string, b: string): string {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length += 1;
  return a.slice(0, length);
}

function longest(texts: readonly string[]): string {
  return texts.reduce((best, text) => (text.length > best.length ? text : best), "");
}
