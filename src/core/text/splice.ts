/** A replacement for the part of a text between two offsets. */
export interface Splice {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** Applies splices that do not overlap. Every other byte stays, and insertions at one offset keep their order. */
export function applySplices(text: string, splices: readonly Splice[]): string {
  let done = 0;
  let result = "";
  for (const { from, to, text: put } of splices.toSorted((a, b) => a.from - b.from || a.to - b.to)) {
    result += text.slice(done, from) + put;
    done = to;
  }
  return result + text.slice(done);
}

/** Inserts a text at an offset. */
export function insertion(at: number, text: string): Splice {
  return { from: at, to: at, text };
}

/** Deletes the part between two offsets. */
export function cut(from: number, to: number): Splice {
  return { from, to, text: "" };
}

/** The beginning of the line that an offset is in. */
export function lineStart(text: string, offset: number): number {
  return offset === 0 ? 0 : text.lastIndexOf("\n", offset - 1) + 1;
}

/** The end of the line that an offset is in: its line break, or the end of the text. */
export function lineEnd(text: string, offset: number): number {
  const end = text.indexOf("\n", offset);
  if (end === -1) return text.length;
  return text[end - 1] === "\r" && end > offset ? end - 1 : end;
}

/** The beginning of the next line; the end of the text where no line follows. */
export function nextLine(text: string, offset: number): number {
  const end = text.indexOf("\n", offset);
  return end === -1 ? text.length : end + 1;
}

/** The beginning of the line break right before an offset; the offset itself where none stands there. */
export function beforeBreak(text: string, offset: number): number {
  return offset - (/\r?\n$/.exec(text.slice(Math.max(0, offset - 2), offset))?.[0].length ?? 0);
}

/** The blanks before an offset; undefined where the line holds anything else before it. */
export function indentBefore(text: string, offset: number): string | undefined {
  const before = text.slice(lineStart(text, offset), offset);
  return /^[ \t]*$/.test(before) ? before : undefined;
}

/** The first line break of a text; LF where it has none. */
export function newlineOf(text: string): string {
  return /\r?\n/.exec(text)?.[0] ?? "\n";
}
