/**
 * Sets of special characters, each as it stands between the brackets of a regular expression. No two sets overlap. Code
 * that refuses, escapes or replaces characters names its sets.
 */
const SETS = {
  /** The end of a text, for the kernel and for every program in C. */
  nul: String.raw`\u0000`,
  tab: String.raw`\u0009`,
  lineFeed: String.raw`\u000a`,
  carriageReturn: String.raw`\u000d`,
  /** The other controls of ASCII, ESC and BEL among them. */
  ascii: String.raw`\u0001-\u0008\u000b\u000c\u000e-\u001f`,
  del: String.raw`\u007f`,
  /** The second set of controls (ISO/IEC 6429, C1). In some terminals U+009B alone begins an escape sequence. */
  c1: String.raw`\u0080-\u009f`,
  /** The separators of lines and paragraphs: line ends in Unicode, and plain characters in JSON. */
  separators: String.raw`\u2028\u2029`,
  /** The controls of direction (UAX #9), which show a person another text than the stored one. */
  directions: String.raw`\u200e\u200f\u202a-\u202e\u2066-\u2069`,
  /** Code points that are no characters. XML cannot hold them. */
  noncharacters: String.raw`\ufffe\uffff`,
  /** The mark of a decoder for bytes that are not UTF-8. */
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

/** The ASCII controls that an argument of a program may hold. */
export const ARGUMENT_CONTROLS = ["tab", "lineFeed", "carriageReturn", "ascii", "del"] as const satisfies readonly CharacterSet[];

/** A terminal obeys these, and a person does not see them: no text from elsewhere is printed with them. */
export const UNTAMED = [...CONTROLS, "separators", "directions"] as const satisfies readonly CharacterSet[];

/** The special characters that JSON.stringify does not escape. */
export const RAW_IN_JSON = ["del", "c1", "separators"] as const satisfies readonly CharacterSet[];

/** A pattern for one character of any of these sets, with the flags of RegExp. */
export function anyOf(sets: readonly CharacterSet[], flags?: string): RegExp {
  return new RegExp(`[${classOf(sets)}]`, flags);
}

/** The sets as text, to stand between the brackets of another pattern. */
export function classOf(sets: readonly CharacterSet[]): string {
  return sets.map((set) => SETS[set]).join("");
}

/** A JSON text with the escape of each character that the pattern finds (RFC 8259, section 7). The pattern has the flag `g`. */
export function escapeAsUnicode(json: string, pattern: RegExp): string {
  return json.replace(pattern, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

const UNTAMED_ONE = anyOf(UNTAMED, "g");

/** A text from outside as one tame line. None of its control characters reaches a terminal. */
export function tame(text: string): string {
  return text.replace(/[\n\r\t]+/g, " ").replace(UNTAMED_ONE, "?");
}
