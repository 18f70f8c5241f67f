import type { Terminal } from "@xterm/headless";
import { tameLines } from "./terminal-text.ts";

/** The size of a terminal, in characters. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** The size that a launch gives a session. */
export const LAUNCH_SIZE: TerminalSize = { columns: 200, rows: 50 };

/** The most lines that a terminal keeps beside its screen. Each takes twelve bytes a column. */
const MOST_HISTORY = 10_000;

/**
 * Sequences that move the cursor to another row, scroll, clear the screen or change to another one (ECMA-48; xterm's ctlseqs). Colours,
 * and what a progress bar does to its own line, are none of them.
 */
// oxlint-disable-next-line no-control-regex -- these are the sequences of a terminal
const DRAWING = /\u001b(?:\[[\d;]*[ABEFHJLMSTdfr]|\[\?(?:\d+;)*(?:47|1047|1049)[hl]|M)/;

/** Tells whether a program's output is a drawing, which is only to be read as the screen of a terminal. */
export function isDrawn(output: string): boolean {
  return DRAWING.test(output);
}

/**
 * The lines that a program's output leaves in a terminal: those that scrolled off, then those of the screen. Lines that the terminal broke
 * are whole again. While a program shows the alternate screen, that follows the lines before it. A program that left nothing
 * but an alternate screen is shown with the last one.
 */
export async function renderDrawn(output: string, size: TerminalSize): Promise<string[]> {
  // Only a program that draws needs this, and it takes time to load.
  const { Terminal: Model } = await import("@xterm/headless");
  const terminal = new Model({
    cols: size.columns,
    rows: size.rows,
    scrollback: MOST_HISTORY,
    // tmux keeps the lines of a screen that is cleared.
    scrollOnEraseInDisplay: true,
    allowProposedApi: true,
    logLevel: "off",
  });
  try {
    useWidths(terminal);
    const left = watchAlternate(terminal);
    await new Promise<void>((resolve) => terminal.write(output, resolve));
    const { normal, active } = terminal.buffer;
    const lines = linesOf(normal);
    if (active.type === "alternate") return tameLines([...lines, ...linesOf(active)]);
    return tameLines(lines.length > 0 ? lines : left());
  } finally {
    terminal.dispose();
  }
}

type ScreenBuffer = Terminal["buffer"]["active"];

function linesOf(buffer: ScreenBuffer): string[] {
  const lines: string[] = [];
  for (let row = 0; row < buffer.length; row += 1) {
    const line = buffer.getLine(row)!;
    const isBroken = buffer.getLine(row + 1)?.isWrapped === true;
    const text = line.translateToString(!isBroken);
    if (line.isWrapped && lines.length > 0) lines.push(`${lines.pop()}${text}`);
    else lines.push(text);
  }
  return withoutBlankEnd(lines);
}

/** Lines without the blank ones at their end, and without the blanks at the end of each. */
export function withoutBlankEnd(lines: readonly string[]): string[] {
  const trimmed = lines.map((line) => line.trimEnd());
  return trimmed.slice(0, trimmed.findLastIndex((line) => line !== "") + 1);
}

/** Keeps the lines of an alternate screen when its program leaves it. */
function watchAlternate({ parser, buffer }: Terminal): () => string[] {
  let lines: string[] = [];
  parser.registerCsiHandler({ prefix: "?", final: "l" }, () => {
    if (buffer.active.type === "alternate") lines = linesOf(buffer.active);
    return false;
  });
  return () => lines;
}

/** Has the terminal give each character the columns that tmux gives it: its own table is that of Unicode 6. */
function useWidths({ unicode }: Terminal): void {
  const known = new Map<number, 0 | 1 | 2>();
  const wcwidth = (codepoint: number): 0 | 1 | 2 => {
    if (codepoint < 0x7f) return codepoint < 0x20 ? 0 : 1;
    const width = known.get(codepoint) ?? (Math.min(2, Bun.stringWidth(String.fromCodePoint(codepoint))) as 0 | 1 | 2);
    known.set(codepoint, width);
    return width;
  };
  unicode.register({ version: "iapeer", wcwidth, charProperties: (codepoint, before) => joined(wcwidth(codepoint), before) });
  unicode.activeVersion = "iapeer";
}

/** The properties of a character as the terminal packs them: bit 0 joins it to the one before, and bits 1 and 2 are its width. */
function joined(width: 0 | 1 | 2, before: number): number {
  const widthBefore = (before >> 1) & 3;
  if (width !== 0 || before === 0 || widthBefore === 0) return width << 1;
  return (widthBefore << 1) | 1;
}
