/** A replacement for the part of a text between two offsets. */
export interface Splice {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** The text with its splices, which do not overlap; every other byte is as it was. Insertions at one offset keep their order. */
export function applySplices(text: string, splices: readonly Splice[]): string {
  let done = 0;
  let result = "";
  for (const { from, to, text: put } of splices.toSorted((a, b) => a.from - b.from || a.to - b.to)) {
    result += text.slice(done, from) + put;
    done = to;
  }
  return result + text.slice(done);
}

export function insertion(at: number, text: string): Splice {
  return { from: at, to: at, text };
}

export function cut(from: number, to: number): Splice {
  return { from, to, text: "" };
}

/** Where the line of an offset begins. */
export function lineStart(text: string, offset: number): number {
  return offset === 0 ? 0 : text.lastIndexOf("\n", offset - 1) + 1;
}

/** Where the line of an offset ends: at its line break, or at the text's end. */
export function lineEnd(text: string, offset: number): number {
  const end = text.indexOf("\n", offset);
  if (end === -1) return text.length;
  return text[end - 1] === "\r" && end > offset ? end - 1 : end;
}

/** Where the next line begins; the text's end where there is none. */
export function nextLine(text: string, offset: number): number {
  const end = text.indexOf("\n", offset);
  return end === -1 ? text.length : end + 1;
}

/** Before the line break that stands right before an offset; the offset itself where none does. */
export function beforeBreak(text: string, offset: number): number {
  return offset - (/\r?\n$/.exec(text.slice(Math.max(0, offset - 2), offset))?.[0].length ?? 0);
}

/** The blanks before an offset, when nothing else is before it on its line. */
export function indentBefore(text: string, offset: number): string | undefined {
  const before = text.slice(lineStart(text, offset), offset);
  return /^[ \t]*$/.test(before) ? before : undefined;
}

/** The line break that a text has first; LF where it has none. */
export function newlineOf(text: string): string {
  return /\r?\n/.exec(text)?.[0] ?? "\n";
}
