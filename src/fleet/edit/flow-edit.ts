import { cut, indentBefore, insertion, lineEnd, lineStart, newlineOf, nextLine, type Splice } from "../../core/text/splice.ts";

/** The offsets of an item of a list in brackets, or of the list. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** An item may be followed on its line by nothing, a comma, a comment, or both. */
const REST_OF_LINE = /^[ \t]*(,?)[ \t]*(#.*)?$/;

/** Puts an item at the end of a list in brackets. */
export function appendToFlow(text: string, list: Span, items: readonly Span[], item: string): Splice[] {
  const last = items.at(-1);
  if (last === undefined) return [insertion(list.from + 1, item)];
  const rest = REST_OF_LINE.exec(text.slice(last.to, lineEnd(text, last.to)));
  const indent = indentBefore(text, last.from);
  if (indent === undefined) return [insertion(last.to, `, ${item}`)];
  const line = newlineOf(text) + indent + item;
  if (rest === null) return [insertion(last.to, `,${line}`)];
  const end = lineEnd(text, last.to);
  return rest[1] === "," ? [insertion(end, `${line},`)] : [insertion(last.to, ","), insertion(end, line)];
}

/** Takes an item out of a list in brackets, with one comma. Comments on other lines than its own stay. */
export function removeFromFlow(text: string, items: readonly Span[], index: number): Splice[] {
  const item = items[index]!;
  const previous = items[index - 1];
  const next = items[index + 1];
  const rest = REST_OF_LINE.exec(text.slice(item.to, lineEnd(text, item.to)));
  if (rest !== null && indentBefore(text, item.from) !== undefined) {
    const lines = cut(lineStart(text, item.from), nextLine(text, item.to));
    // The last one's comma is the one before it.
    return rest[1] === "" && next === undefined && previous !== undefined ? [comma(text, previous), lines] : [lines];
  }
  if (next !== undefined && !text.slice(item.to, next.from).includes("#")) return [cut(item.from, next.from)];
  if (next === undefined && previous !== undefined && !text.slice(previous.to, item.from).includes("#"))
    return [cut(previous.to, item.to)];
  if (next === undefined && previous !== undefined) return [comma(text, previous), cut(item.from, item.to)];
  return rest?.[1] === "," || next !== undefined
    ? [cut(item.from, item.to), comma(text, item)]
    : [cut(item.from, ownEnd(text, item))];
}

/** Behind the comma that may follow the only item on its line. */
function ownEnd(text: string, { to }: Span): number {
  const found = /^[ \t]*,/.exec(text.slice(to));
  return to + (found?.[0].length ?? 0);
}

/** The comma behind an item; only space and comments may come before it. */
function comma(text: string, { to }: Span): Splice {
  let at = to;
  while (text[at] !== ",") at = text[at] === "#" ? nextLine(text, at) : at + 1;
  return cut(at, at + 1);
}
