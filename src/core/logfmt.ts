/** A line of key=value pairs. Values are text; numbers and booleans are written as text. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** What must be quoted: anything that could end a value, a field or a line, or be lost in UTF-8 (a lone surrogate). */
const NEEDS_QUOTES = /[\s"=\\\p{Cc}\u2028\u2029\p{Cs}]/u;

/** Line ends and controls that JSON leaves as they are. */
const RAW_IN_JSON = /[\u007f-\u009f\u2028\u2029]/g;

/**
 * One logfmt line without its newline. A field whose value is null or undefined is left out.
 * Values that need it are written as a JSON string with every control character escaped,
 * so no value can forge a field or a line.
 */
export function renderLogLine(fields: LogFields): string {
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([key, value]) => `${key}=${renderValue(String(value))}`)
    .join(" ");
}

function renderValue(value: string): string {
  if (!NEEDS_QUOTES.test(value)) return value;
  return JSON.stringify(value).replace(RAW_IN_JSON, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

const FIELD = /([^\s=]+)=("[^"\\]*(?:\\.[^"\\]*)*"|[^\s"]*)(?: |$)/y;

/** The fields of a line written by renderLogLine; undefined for any other line, a torn one included. */
export function parseLogLine(line: string): Record<string, string> | undefined {
  const entries: [string, string][] = [];
  FIELD.lastIndex = 0;
  while (FIELD.lastIndex < line.length) {
    const match = FIELD.exec(line);
    const value = match === null ? undefined : parseValue(match[2]!);
    if (match === null || value === undefined) return undefined;
    entries.push([match[1]!, value]);
  }
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function parseValue(text: string): string | undefined {
  if (!text.startsWith('"')) return text;
  try {
    return JSON.parse(text) as string;
  } catch {
    // A quoted value with an escape that JSON does not know: not written by us.
    return undefined;
  }
}
