/** The codes that switch a style on and off (ECMA-48, SGR). */
const STYLES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
} as const;

/** Functions that paint a text, or leave it as it is. */
export type Colors = Readonly<Record<keyof typeof STYLES, (text: string) => string>> & {
  /** A text that something else painted, with its colours or without. */
  readonly keep: (text: string) => string;
};

/** Colours for a terminal, or none. A library would look at process.stdout, which costs more than the rest of a start. */
export function createColors(isColored: boolean): Colors {
  const entries = Object.entries(STYLES).map(([style, [on, off]]) => [
    style,
    (text: string) => (isColored ? `\u001b[${on}m${text}\u001b[${off}m` : text),
  ]);
  const keep = isColored ? (text: string) => text : Bun.stripANSI;
  return { ...Object.fromEntries(entries), keep } as Colors;
}
