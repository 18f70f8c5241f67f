import { isUtf8 } from "node:buffer";
import type * as JsonKeys from "./json-keys.ts";
import { JsonProblem } from "./json-problem.ts";

/**
 * Parses JSON as strictly as RFC 8259 has it: whole, and in UTF-8 without a byte order mark. A key twice in one object is
 * refused, and so is `__proto__`. A number that a double cannot hold is written again digit by digit.
 *
 * @throws JsonProblem
 */
export function parseStrictJson(bytes: Uint8Array): unknown {
  const text = decode(bytes);
  const value = parse(text);
  if (mayBeDeep(text) && isDeeperThan(MAX_DEPTH, value)) throw new JsonProblem(`is nested more than ${MAX_DEPTH} levels deep`);
  // A value that is written as the very same text held no key twice. Files of other programs need the slow look.
  const isCanonical = !text.includes("__proto__") && renderJson(value) === text;
  return isCanonical ? value : parseCarefully(text);
}

/** More levels than any real file has, and few enough to indent a text and to walk through it. */
const MAX_DEPTH = 200;

/** False for a text that iapeer wrote, unless its indentation is deep. Any other text has to be walked through. */
function mayBeDeep(text: string): boolean {
  return /[[{][^\n\]}]/.test(text) || text.includes(" ".repeat(2 * MAX_DEPTH));
}

function isDeeperThan(limit: number, value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return limit === 0 || Object.values(value).some((inner) => isDeeperThan(limit - 1, inner));
}

/** The text of every JSON file that iapeer writes: two spaces a level, and a newline at the end. */
export function renderJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function decode(bytes: Uint8Array): string {
  if (bytes.length === 0) throw new JsonProblem("is empty");
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) throw new JsonProblem("begins with a byte order mark");
  if (bytes.at(-1) === 0) throw new JsonProblem("ends in NUL bytes, as after a power cut");
  if (!isUtf8(bytes)) throw new JsonProblem("is not valid UTF-8");
  // Not by a TextDecoder: for a text in ASCII alone that takes twice the memory.
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
}

function parse(
  text: string,
  reviver?: (this: unknown, key: string, value: unknown, context: { source?: string }) => unknown,
): unknown {
  try {
    return JSON.parse(text, reviver as (this: unknown, key: string, value: unknown) => unknown);
  } catch (error) {
    throw new JsonProblem(`is not JSON: ${(error as Error).message}`);
  }
}

function parseCarefully(text: string): unknown {
  // Only files of other programs need it, and its parser takes a tenth of a start to load.
  const { refuseDoubtfulKeys } = require("./json-keys.ts") as typeof JsonKeys;
  refuseDoubtfulKeys(text);
  return parse(text, (_key, value, { source }) =>
    typeof value === "number" && source !== undefined && isChangedByReading(value, source) ? rawJson(source) : value,
  );
}

/** `17.0` is not changed: it is 17 in every language, and may be a revision. */
function isChangedByReading(value: number, source: string): boolean {
  return String(value) !== source.replace(/\.0+$/, "");
}

/** A number that JSON.stringify writes digit by digit (ECMAScript, "JSON.parse source text access"). */
function rawJson(source: string): unknown {
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(source);
}
