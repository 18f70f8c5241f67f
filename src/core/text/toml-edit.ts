import { type AST, getStaticTOMLValue } from "toml-eslint-parser";
import { quoteForToml } from "./quoting.ts";
import {
  applySplices,
  beforeBreak,
  cut,
  indentBefore,
  insertion,
  lineStart,
  newlineOf,
  nextLine,
  type Splice,
} from "./splice.ts";
import {
  type Entry,
  isSame,
  leadsThrough,
  listEntries,
  parseToml,
  sharedLength,
  tablesOf,
  TomlProblem,
  type TomlPath,
  valueAt,
  without,
} from "./toml-document.ts";

export type TomlScalar = string | boolean;

/**
 * Reads the value at a path; undefined where none is.
 *
 * @throws TomlProblem for a text that is not TOML 1.1.
 */
export function readTomlValue(text: string, path: TomlPath): unknown {
  return valueAt(getStaticTOMLValue(parseToml(text)), path);
}

/**
 * Sets one key in the style of the text around it. It replaces the old value or inserts the key at one place, and every
 * other byte stays.
 *
 * @throws TomlProblem for a text that is not TOML, or for an edit that would touch other keys.
 */
export function setTomlValue(text: string, path: TomlPath, value: TomlScalar): string {
  const document = parseToml(text);
  const edited = applySplices(text, [planSet({ text, document, path }, render(value))]);
  checkOnly(document, edited, { path, value });
  return edited;
}

/**
 * Removes one key, and reverses exactly an insertion by setTomlValue. The key leaves with its line. The header of a table
 * that holds nothing else leaves too, with the blank line above it. A comment on the line stays.
 *
 * @throws TomlProblem for a text that is not TOML, or for an edit that would touch other keys.
 */
export function removeTomlValue(text: string, path: TomlPath): string {
  const document = parseToml(text);
  const found = listEntries(document).find((entry) => isSame(entry.path, path));
  if (found === undefined) return text;
  const edited = applySplices(text, [
    found.scope.type === "TOMLInlineTable" ? planInlineRemoval(text, found) : planRemoval(text, found),
  ]);
  checkOnly(document, edited, { path, value: undefined });
  return edited;
}

interface Target {
  readonly text: string;
  readonly document: AST.TOMLProgram;
  readonly path: TomlPath;
}

/** Puts the value over the old one, else into its table or beside its dotted keys, else below all. */
function planSet(target: Target, literal: string): Splice {
  const { text, document, path } = target;
  const entries = listEntries(document);
  const present = entries.find((entry) => isSame(entry.path, path));
  if (present !== undefined) return planReplace(present, literal);
  const inline = longest(entries.filter(({ node, path: at }) => node.value.type === "TOMLInlineTable" && leadsThrough(path, at)));
  if (inline !== undefined) return planInline(inline, renderPair(path.slice(inline.path.length), literal));
  const table = tablesOf(document).find((each) => isSame(each.resolvedKey, path.slice(0, -1)));
  if (table !== undefined) return planLine(text, table.body.at(-1) ?? table.key, renderPair(path.slice(-1), literal));
  const kin = nearestDotted(entries, path);
  if (kin !== undefined) return planLine(text, kin.node, renderPair(path.slice(kin.scopePath.length), literal));
  return planTable(text, path, literal);
}

function planReplace({ node }: Entry, literal: string): Splice {
  if (node.value.type !== "TOMLValue") throw new TomlProblem("holds a table or an array where a plain value belongs");
  return { from: node.value.range[0], to: node.value.range[1], text: literal };
}

function planInline({ node }: Entry, pair: string): Splice {
  const table = node.value as AST.TOMLInlineTable;
  const last = table.body.at(-1);
  if (last !== undefined) return insertion(last.range[1], `, ${pair}`);
  return insertion(table.range[0] + 1, ` ${pair} `);
}

/** Puts the pair on a line of its own below another key, with the same indent. */
function planLine(text: string, above: AST.TOMLKeyValue | AST.TOMLKey, pair: string): Splice {
  const end = nextLine(text, above.range[1]);
  const indent = above.type === "TOMLKeyValue" ? (indentBefore(text, above.range[0]) ?? "") : "";
  const eol = newlineOf(text);
  return insertion(end, text.endsWith("\n", end) ? `${indent}${pair}${eol}` : `${eol}${indent}${pair}`);
}

function planTable(text: string, path: TomlPath, literal: string): Splice {
  const eol = newlineOf(text);
  const block = `[${path.slice(0, -1).map(renderKey).join(".")}]${eol}${renderPair(path.slice(-1), literal)}`;
  if (text === "") return insertion(0, `${block}${eol}`);
  return insertion(text.length, text.endsWith("\n") ? `${eol}${block}${eol}` : `${eol}${eol}${block}`);
}

/** The last of the dotted keys that share most of the path. A table that dotted keys made cannot have a header. */
function nearestDotted(entries: readonly Entry[], path: TomlPath): Entry | undefined {
  const parent = path.slice(0, -1);
  let best: { entry: Entry; shared: number } | undefined;
  for (const entry of entries) {
    const shared = sharedLength(entry.path.slice(0, -1), parent);
    if (entry.scope.type === "TOMLInlineTable" || shared <= entry.scopePath.length) continue;
    if (leadsThrough(path, entry.scopePath) && shared >= (best?.shared ?? 0)) best = { entry, shared };
  }
  return best?.entry;
}

function planRemoval(text: string, { node, scope }: Entry): Splice {
  const end = nextLine(text, node.range[1]);
  const rest = text.slice(node.range[1], end);
  if (rest.trim() !== "") return cut(node.range[0], node.range[1] + rest.search(/\S/));
  const start = isAlone(text, scope) ? startOfBlock(text, scope.range[0]) : lineStart(text, node.range[0]);
  // The last line had no line break, so the line above it loses its own.
  return cut(text.endsWith("\n", end) ? start : beforeBreak(text, start), end);
}

/** True for a table with one key right below its header, and without a comment at the header. */
function isAlone(text: string, scope: Entry["scope"]): scope is AST.TOMLTable {
  if (scope.type !== "TOMLTable" || scope.kind !== "standard" || scope.body.length !== 1) return false;
  return /^[ \t]*\][ \t]*\r?\n[ \t]*$/.test(text.slice(scope.key.range[1], scope.body[0]!.range[0]));
}

/** The beginning of a header, or of the blank line above it. */
function startOfBlock(text: string, header: number): number {
  const start = lineStart(text, header);
  const above = beforeBreak(text, start);
  return above > 0 && text[above - 1] === "\n" ? above : start;
}

function planInlineRemoval(text: string, { node, scope }: Entry): Splice {
  const siblings = scope.body as readonly AST.TOMLKeyValue[];
  const index = siblings.indexOf(node);
  const before = siblings[index - 1];
  const after = siblings[index + 1];
  if (before !== undefined) return cut(before.range[1], node.range[1]);
  if (after !== undefined) return cut(node.range[0], after.range[0]);
  const [start, end] = node.range;
  return cut(text[start - 1] === " " ? start - 1 : start, text[end] === " " ? end + 1 : end);
}

/** The last check of an edit: the text parses, every comment is there, and no other value changed. */
function checkOnly(before: AST.TOMLProgram, edited: string, wanted: { path: TomlPath; value: TomlScalar | undefined }): void {
  const after = parseEdited(edited, wanted.path);
  const [old, now] = [getStaticTOMLValue(before), getStaticTOMLValue(after)];
  const isSet = valueAt(now, wanted.path) === wanted.value;
  const isElseSame = Bun.deepEquals(without(old, wanted.path), without(now, wanted.path), true);
  const comments = (program: AST.TOMLProgram) => program.comments.map(({ value }) => value);
  if (!isSet || !isElseSame || !Bun.deepEquals(comments(before), comments(after))) throw cannotChange(wanted.path);
}

/** A path through a value or through an array of tables fails here: the result defines a key twice. */
function parseEdited(edited: string, path: TomlPath): AST.TOMLProgram {
  try {
    return parseToml(edited);
  } catch (error) {
    throw error instanceof TomlProblem ? cannotChange(path) : error;
  }
}

function cannotChange(path: TomlPath): TomlProblem {
  return new TomlProblem(`cannot be changed at ${path.map(renderKey).join(".")} without touching other keys`);
}

function longest(entries: readonly Entry[]): Entry | undefined {
  return entries.reduce<Entry | undefined>(
    (best, each) => (best && best.path.length >= each.path.length ? best : each),
    undefined,
  );
}

function renderPair(keys: readonly string[], literal: string): string {
  return `${keys.map(renderKey).join(".")} = ${literal}`;
}

function renderKey(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : render(key);
}

function render(value: TomlScalar): string {
  return typeof value === "string" ? quoteForToml(value) : String(value);
}
