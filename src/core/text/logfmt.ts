import { anyOf, classOf, CONTROLS, escapeAsUnicode, RAW_IN_JSON } from "../../model/characters.ts";

/** The pairs of one line. Numbers and booleans are written as text. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** Every character that could end a value, a field or a line, and the lone surrogates, which UTF-8 loses. */
const NEEDS_QUOTES = new RegExp(String.raw`[\s"=\\\p{Cs}${classOf([...CONTROLS, "separators"])}]`, "u");

/** The line ends and controls that JSON does not escape. */
const RAW = anyOf(RAW_IN_JSON, "g");

/**
 * One logfmt line without its newline. A field whose value is null or undefined is left out. No value can forge a field or
 * a line. A doubtful value is written as a JSON string, and every control character is escaped.
 */
export function renderLogLine(fields: LogFields): string {
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([key, value]) => `${key}=${renderValue(String(value))}`)
    .join(" ");
}

function renderValue(value: string): string {
  if (!NEEDS_QUOTES.test(value)) return value;
  return escapeAsUnicode(JSON.stringify(value), RAW);
}

const KEY = /([^\s=]+)=/y;
const BARE_VALUE = /[^\s"]*/y;

/**
 * The fields of a line written by renderLogLine; undefined for any other line. A line that is torn between two
 * fields, or inside a bare value, looks like a whole one. Only its newline is missing.
 */
export function parseLogLine(line: string): Record<string, string> | undefined {
  const entries: [string, string][] = [];
  for (let at = 0; at < line.length;) {
    const key = matchAt(KEY, line, at);
    if (key === undefined) return undefined;
    const from = at + key.length;
    const end = line[from] === '"' ? closingQuote(line, from + 1) + 1 : from + matchAt(BARE_VALUE, line, from)!.length;
    const value = parseValue(line.slice(from, end));
    if (value === undefined || (end < line.length && line[end] !== " ")) return undefined;
    entries.push([key.slice(0, -1), value]);
    at = end + 1;
  }
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function matchAt(pattern: RegExp, line: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(line)?.[0];
}

/** The offset of the first quote that no backslash escapes, else of the line's end. A pattern fails at a megabyte of escapes. */
function closingQuote(line: string, from: number): number {
  for (let at = line.indexOf('"', from); at !== -1; at = line.indexOf('"', at + 1)) {
    let before = at;
    while (line[before - 1] === "\\") before -= 1;
    if ((at - before) % 2 === 0) return at;
  }
  return line.length;
}

function parseValue(text: string): string | undefined {
  if (!text.startsWith('"')) return text;
  try {
    return JSON.parse(text) as string;
  } catch {
    // The value has an escape that JSON does not know: another program wrote the line.
    return undefined;
  }
}
