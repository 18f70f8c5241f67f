/**
 * The characters that are no letters, in sets that have none in common, each as it stands between the brackets of a
 * regular expression. A place that refuses, escapes or replaces some names the sets it means.
 */
const SETS = {
  /** It ends a text for the kernel and for every program in C. */
  nul: String.raw`\u0000`,
  tab: String.raw`\u0009`,
  lineFeed: String.raw`\u000a`,
  carriageReturn: String.raw`\u000d`,
  /** The other controls of ASCII, ESC and BEL among them. */
  ascii: String.raw`\u0001-\u0008\u000b\u000c\u000e-\u001f`,
  del: String.raw`\u007f`,
  /** The second set of controls (ISO/IEC 6429, C1): to some terminals U+009B alone begins an escape sequence. */
  c1: String.raw`\u0080-\u009f`,
  /** Line and paragraph separator: a line end to Unicode, and none to JSON. */
  separators: String.raw`\u2028\u2029`,
  /** They turn the direction of text around (UAX #9): what a person reads is not what is there. */
  directions: String.raw`\u200e\u200f\u202a-\u202e\u2066-\u2069`,
  /** No characters at all: XML cannot hold them. */
  noncharacters: String.raw`\ufffe\uffff`,
  /** It stands where a decoder found bytes that are not UTF-8. */
  replacement: String.raw`\ufffd`,
} as const;

export type CharacterSet = keyof typeof SETS;

/** Every control character: Unicode's category Cc. */
export const CONTROLS = [
  "nul",
  "tab",
  "lineFeed",
  "carriageReturn",
  "ascii",
  "del",
  "c1",
] as const satisfies readonly CharacterSet[];

/** The controls that an argument of a program may hold, as far as ASCII goes. */
export const ARGUMENT_CONTROLS = ["tab", "lineFeed", "carriageReturn", "ascii", "del"] as const satisfies readonly CharacterSet[];

/** A terminal obeys these, and a person does not see them: no text from elsewhere is printed with them. */
export const UNTAMED = [...CONTROLS, "separators", "directions"] as const satisfies readonly CharacterSet[];

/** The controls that JSON.stringify leaves as they are. */
export const RAW_IN_JSON = ["del", "c1", "separators"] as const satisfies readonly CharacterSet[];

/** A pattern for one character of any of these sets; flags as RegExp takes them. */
export function anyOf(sets: readonly CharacterSet[], flags?: string): RegExp {
  return new RegExp(`[${classOf(sets)}]`, flags);
}

/** The same sets for a pattern of one's own, to stand between its brackets. */
export function classOf(sets: readonly CharacterSet[]): string {
  return sets.map((set) => SETS[set]).join("");
}

/** A JSON text with what the pattern finds as `\uXXXX`. */
export function escapeAsUnicode(json: string, pattern: RegExp): string {
  return json.replace(pattern, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

const UNTAMED_ONE = anyOf(UNTAMED, "g");

/** A person's or a program's text as one tame line: no control character of it reaches a terminal. */
export function tame(text: string): string {
  return text.replace(/[\n\r\t]+/g, " ").replace(UNTAMED_ONE, "?");
}
