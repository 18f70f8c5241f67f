/** Blanks, and the lines, corners and blocks that programs frame their inputs with. */
const FRAME = String.raw`[\s|\u2500-\u259f]`;
const ONLY_FRAME = new RegExp(`^${FRAME}*$`, "u");
const FRAMES = new RegExp(FRAME, "gu");
/** Characters that have no column of their own. A terminal may lose them, and a text is the same without them. */
const WIDTHLESS = /[\p{Mn}\p{Me}\p{Cf}]/gu;

/** A text without blanks, frames and characters of no width: the part that is the same in whatever way a program wraps and frames it. */
export function squeeze(text: string): string {
  return text.normalize("NFC").replaceAll(FRAMES, "").replaceAll(WIDTHLESS, "");
}

/** True for a text with nothing in it but blanks and frames. */
export function isFrame(text: string): boolean {
  return ONLY_FRAME.test(text);
}

/** Splits a line at a column of the terminal. A line that ends before the column is filled up with blanks. */
export function splitAt(line: string, column: number): readonly [string, string] {
  let taken = "";
  let width = 0;
  for (const character of line) {
    const next = width + Bun.stringWidth(character);
    if (next > column) break;
    taken += character;
    width = next;
  }
  return [taken + " ".repeat(Math.max(0, column - width)), line.slice(taken.length)];
}

/** The text of a screen, and the look of each character: "f" for faint, "r" for reverse, "b" for both, "." for neither. */
interface Lines {
  readonly lines: readonly string[];
  readonly marks?: readonly string[] | undefined;
}

/** A line with blanks in the place of the characters that are drawn faint: the hints of programs, which nobody has typed. */
export function withoutHints({ lines, marks }: Lines, row: number): string {
  const line = lines[row] ?? "";
  const mark = marks?.[row];
  if (mark === undefined || !/[fb]/.test(mark)) return line;
  // The first letter of a hint may be the program's own cursor: reverse, with a faint letter behind it.
  let text = "";
  let at = 0;
  for (const character of line) {
    text += isHint(mark, at) ? " ".repeat(Bun.stringWidth(character)) : character;
    at += character.length;
  }
  return text;
}

function isHint(mark: string, at: number): boolean {
  return mark[at] === "f" || mark[at] === "b" || (mark[at] === "r" && mark[at + 1] === "f");
}
