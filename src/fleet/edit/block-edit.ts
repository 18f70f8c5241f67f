import { beforeBreak, cut, insertion, lineEnd, lineStart, newlineOf, nextLine, type Splice } from "../../core/text/splice.ts";

/** An item of a block list: from its dash to the end of what it says. */
export interface BlockItem {
  readonly dash: number;
  readonly end: number;
}

/** Puts lines behind the last item, indented as that one is. */
export function appendToBlock(text: string, last: BlockItem, lines: readonly string[]): Splice[] {
  const at = endOfItem(text, last);
  const indent = text.slice(lineStart(text, last.dash), last.dash);
  const body = renderItem(indent, lines, newlineOf(text));
  return [asLines(text, at, body)];
}

/** The first items of a list whose key stands alone on its line. */
export function beginBlock(
  text: string,
  key: { readonly start: number; readonly end: number },
  lines: readonly string[],
): Splice[] {
  const indent = `${text.slice(lineStart(text, key.start), key.start)}  `;
  return [asLines(text, nextLine(text, key.end), renderItem(indent, lines, newlineOf(text)))];
}

/** Removes the lines of an item and the comments in it. Comments above it stay, and so do those below that are not indented further. */
export function removeFromBlock(text: string, item: BlockItem): Splice[] {
  const from = lineStart(text, item.dash);
  const to = endOfItem(text, item);
  const isLastLine = to === text.length && !text.endsWith("\n");
  return [cut(isLastLine ? beforeBreak(text, from) : from, to)];
}

function renderItem(indent: string, lines: readonly string[], newline: string): string {
  return lines.map((line, index) => `${indent}${index === 0 ? "- " : "  "}${line}`).join(newline);
}

/** Whole lines at the start of a line, or behind a last line that has no line break. */
function asLines(text: string, at: number, body: string): Splice {
  const newline = newlineOf(text);
  const isOpen = at === text.length && at > 0 && !text.endsWith("\n");
  return insertion(at, isOpen ? newline + body : body + newline);
}

const COMMENT = /^([ \t]*)#/;

/** Behind the item's last line, and the comments below it that are indented further than its dash. */
function endOfItem(text: string, { dash, end }: BlockItem): number {
  const column = dash - lineStart(text, dash);
  // A block scalar's value ends where the next line begins.
  let at = text[end - 1] === "\n" ? end : nextLine(text, end);
  for (let look = at; look < text.length; look = nextLine(text, look)) {
    const line = text.slice(look, lineEnd(text, look));
    if (line.trim() === "") continue;
    const indent = COMMENT.exec(line)?.[1];
    if (indent === undefined || indent.length <= column) break;
    at = nextLine(text, look);
  }
  return at;
}
