import { type AST, getStaticTOMLValue, parseTOML } from "toml-eslint-parser";

/** The reason to refuse a text as TOML, or an edit that would touch other keys. It follows the name of the file. */
export class TomlProblem extends Error {
  override readonly name = "TomlProblem";
}

/** The parts of a dotted key: `["projects", "/a.b", "trust_level"]`. */
export type TomlPath = readonly [string, ...string[]];

/** The parts of a key. Numbers count the elements of an array of tables. */
export type Keys = readonly (string | number)[];

/** A key and its value: in a table, in an inline table, or by a dotted key. */
export interface Entry {
  readonly node: AST.TOMLKeyValue;
  readonly path: Keys;
  readonly scope: AST.TOMLTopLevelTable | AST.TOMLTable | AST.TOMLInlineTable;
  readonly scopePath: Keys;
}

/**
 * Parses a text and keeps the place of every token.
 *
 * @throws TomlProblem for a text that is not TOML 1.1.
 */
export function parseToml(text: string): AST.TOMLProgram {
  try {
    return parseTOML(text, { tomlVersion: "1.1" });
  } catch (error) {
    // A RangeError comes here too, when the text is nested deeper than the parser's stack.
    throw new TomlProblem(`is not TOML: ${(error as Error).message}${lineOf(error)}`);
  }
}

function lineOf(error: unknown): string {
  const line = (error as { readonly lineNumber?: unknown }).lineNumber;
  return typeof line === "number" ? ` (line ${line})` : "";
}

/** The tables with a header, in the order of the text. */
export function tablesOf(document: AST.TOMLProgram): AST.TOMLTable[] {
  return document.body[0].body.filter((each) => each.type === "TOMLTable");
}

/** Every key with a value, in the order of the text. */
export function listEntries(document: AST.TOMLProgram): Entry[] {
  const top = document.body[0];
  return top.body.flatMap((each) => {
    if (each.type === "TOMLKeyValue") return entriesOf(each, top, []);
    return each.body.flatMap((node) => entriesOf(node, each, each.resolvedKey));
  });
}

function entriesOf(node: AST.TOMLKeyValue, scope: Entry["scope"], scopePath: Keys): Entry[] {
  const path = [...scopePath, ...getStaticTOMLValue(node.key)];
  const { value } = node;
  const inner = value.type === "TOMLInlineTable" ? value.body.flatMap((each) => entriesOf(each, value, path)) : [];
  return [{ node, path, scope, scopePath }, ...inner];
}

/** The number of keys that two paths share from the start. */
export function sharedLength(a: Keys, b: Keys): number {
  const differs = a.findIndex((key, index) => key !== b[index]);
  return differs === -1 ? a.length : differs;
}

/** True for two equal paths. */
export function isSame(a: Keys, b: Keys): boolean {
  return a.length === b.length && sharedLength(a, b) === a.length;
}

/** True for a path that leads through a table, and further. */
export function leadsThrough(path: Keys, table: Keys): boolean {
  return table.length < path.length && sharedLength(table, path) === table.length;
}

/** The value at a path of tables; undefined where none is. */
export function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((at, key) => (isTable(at) && Object.hasOwn(at, key) ? at[key] : undefined), value);
}

/** A copy without the key at a path, and without the tables that this leaves empty. */
export function without(value: unknown, [key, ...rest]: readonly string[]): unknown {
  if (key === undefined || !isTable(value) || !Object.hasOwn(value, key)) return value;
  const { [key]: inner, ...others } = value;
  const pruned = rest.length === 0 ? {} : without(inner, rest);
  return isTable(pruned) && Object.keys(pruned).length === 0 ? others : { ...others, [key]: pruned };
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
