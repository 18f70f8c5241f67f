import { getNodeValue, type Node, type ParseError, parseTree, printParseErrorCode, visit } from "jsonc-parser/lib/esm/main.js";
import type { TextEdit } from "../../core/disk/foreign-file.ts";
import { applySplices, cut, indentBefore, insertion, lineStart, type Splice } from "../../core/text/splice.ts";

const KEY = "autoMemoryEnabled";
const PAIR_OFF = `"${KEY}": false`;

/**
 * Switches claude's own memory in the text of a settings.json (code.claude.com/docs, "settings", autoMemoryEnabled).
 * "off" sets the key to false. "on" removes a key that is false, and leaves any other value alone. Every other byte
 * stays, comments and trailing commas included.
 *
 * @param text undefined for a missing file.
 */
export function switchClaudeMemory(text: string | undefined, direction: "off" | "on"): TextEdit {
  if (text === undefined) return direction === "on" ? { state: "unchanged" } : changed(`{\n  ${PAIR_OFF}\n}\n`);
  const root = parseObject(text);
  if (typeof root === "string") return { state: "refused", why: root };
  const found = propertiesOf(root).filter((property) => keyOf(property) === KEY);
  if (found.length > 1) return { state: "refused", why: `has the key "${KEY}" twice` };
  const isOff = found[0]?.children?.[1]?.value === false;
  if (isOff === (direction === "off")) return { state: "unchanged" };
  const edited = applySplices(
    text,
    isOff ? planRemoval(text, root, found[0]!) : [found[0] ? planReplace(found[0]) : planInsert(text, root)],
  );
  return isOnlyThatKey(text, edited)
    ? changed(edited)
    : { state: "refused", why: `cannot be changed at "${KEY}" without touching other keys` };
}

function changed(text: string): TextEdit {
  return { state: "changed", text };
}

/** The root object, or the reason for its absence in words that follow the file's name. */
function parseObject(text: string): Node | string {
  const errors: ParseError[] = [];
  const root = parse(text, errors);
  const [error] = errors;
  if (root === undefined || error !== undefined) return `is not JSON${error === undefined ? "" : describe(text, error)}`;
  return root.type === "object" ? root : "is JSON, but no object";
}

function parse(text: string, errors: ParseError[]): Node | undefined {
  try {
    return parseTree(text, errors, { allowTrailingComma: true });
  } catch (error) {
    // The text is nested deeper than the parser's stack.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function describe(text: string, { error, offset }: ParseError): string {
  return `: ${printParseErrorCode(error)} (line ${text.slice(0, offset).split("\n").length})`;
}

function propertiesOf(root: Node): readonly Node[] {
  return root.children ?? [];
}

function keyOf(property: Node): string {
  return property.children![0]!.value as string;
}

function planReplace(property: Node): Splice {
  const { offset, length } = property.children![1]!;
  return { from: offset, to: offset + length, text: "false" };
}

/** Inserts the first key, so that no other line needs a comma. It gets a line of its own where the other keys have one. */
function planInsert(text: string, root: Node): Splice {
  const first = propertiesOf(root)[0];
  const brace = root.offset + 1;
  const restOfLine = /^[ \t]*(?:\/\/[^\r\n]*)?(?<eol>\r?\n)/.exec(text.slice(brace));
  if (restOfLine === null)
    return first === undefined ? insertion(brace, ` ${PAIR_OFF} `) : insertion(first.offset, `${PAIR_OFF}, `);
  const indent = (first && indentBefore(text, first.offset)) ?? "  ";
  return insertion(brace + restOfLine[0].length, `${indent}${PAIR_OFF}${first ? "," : ""}${restOfLine.groups!["eol"]}`);
}

/** Reverses planInsert exactly. A pair at another place leaves with the one comma that belongs to it. */
function planRemoval(text: string, root: Node, property: Node): Splice[] {
  const properties = propertiesOf(root);
  const [start, end] = [property.offset, property.offset + property.length];
  const comma = commaAfter(text, end);
  if (comma !== undefined) return planRemovalWithComma(text, start, { end, comma });
  const before = properties[properties.indexOf(property) - 1];
  const behind = before === undefined ? undefined : commaAfter(text, before.offset + before.length);
  const pair = planLine(text, start, end) ?? cut(text[start - 1] === " " ? start - 1 : start, text[end] === " " ? end + 1 : end);
  return behind === undefined ? [pair] : [cut(behind, behind + 1), pair];
}

function planRemovalWithComma(text: string, start: number, { end, comma }: { end: number; comma: number }): Splice[] {
  const isAdjacent = text.slice(end, comma).trim() === "";
  if (!isAdjacent) return [cut(start, end), cut(comma, comma + 1)];
  return [planLine(text, start, comma + 1) ?? cut(start, text[comma + 1] === " " ? comma + 2 : comma + 1)];
}

/** Cuts the whole line; undefined where the line holds anything else. */
function planLine(text: string, start: number, end: number): Splice | undefined {
  const after = /^[ \t]*\r?\n/.exec(text.slice(end));
  if (after === null || indentBefore(text, start) === undefined) return undefined;
  return cut(lineStart(text, start), end + after[0].length);
}

/** The offset of the comma behind a value. White space and comments are skipped. */
function commaAfter(text: string, offset: number): number | undefined {
  const match = /^(?:\s|\/\/[^\n]*\n|\/\*[^]*?\*\/)*,/.exec(text.slice(offset));
  return match === null ? undefined : offset + match[0].length - 1;
}

/** The last check of an edit: the text parses, every comment is there, and no other value changed. */
function isOnlyThatKey(before: string, after: string): boolean {
  const root = parseObject(after);
  if (typeof root === "string") return false;
  return (
    Bun.deepEquals(otherValues(parseObject(before) as Node), otherValues(root)) &&
    Bun.deepEquals(commentsOf(before), commentsOf(after))
  );
}

function otherValues(root: Node): readonly (readonly [string, unknown])[] {
  return propertiesOf(root)
    .filter((property) => keyOf(property) !== KEY)
    .map((property) => [keyOf(property), getNodeValue(property.children![1]!)]);
}

function commentsOf(text: string): readonly string[] {
  const comments: string[] = [];
  visit(
    text,
    { onComment: (offset, length) => void comments.push(text.slice(offset, offset + length)) },
    { allowTrailingComma: true },
  );
  return comments;
}
