import type { Screen } from "../../src/launch/send/types.ts";

/** A screen of these lines, with the cursor behind a "^", or hidden where there is none. */
export function screen(...lines: string[]): Screen {
  const y = lines.findIndex((line) => line.includes("^"));
  const x = y === -1 ? 0 : Bun.stringWidth(lines[y]!.slice(0, lines[y]!.indexOf("^")));
  return { lines: lines.map((line) => line.replace("^", "").trimEnd()), cursor: { isVisible: y !== -1, x, y: Math.max(0, y) } };
}
