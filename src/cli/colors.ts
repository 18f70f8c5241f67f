import { styleText } from "node:util";

const STYLES = ["bold", "dim", "green", "red", "yellow"] as const;

/** Paints a text, or leaves it as it is. */
export type Colors = Readonly<Record<(typeof STYLES)[number], (text: string) => string>>;

/** Colours of a terminal, or none. It looks at no stream: opening process.stdout costs more than all the rest of a start. */
export function createColors(isColored: boolean): Colors {
  const entries = STYLES.map((style) => [style, (text: string) => (isColored ? styleText(style, text, { validateStream: false }) : text)]);
  return Object.fromEntries(entries) as Colors;
}
