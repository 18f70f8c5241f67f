import { cutToWidth } from "./width.ts";

/** The alternate screen of a terminal, drawn again and again. The terminal restores the normal screen at the end (xterm, ctlseqs). */
export interface TerminalScreen {
  /** Draws lines over the last frame, without clearing it first. Lines that do not fit are left out. False when writing failed. */
  readonly draw: (lines: readonly string[]) => boolean;
  /** Gives the terminal back. Later frames are not drawn. */
  readonly close: () => void;
  /** Takes the terminal again. */
  readonly open: () => void;
}

export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

const ENTER = "\u001b[?1049h\u001b[?25l\u001b[?7l";
const LEAVE = "\u001b[?7h\u001b[?25h\u001b[?1049l";
const HOME = "\u001b[H";
const REST_OF_LINE = "\u001b[K";
const REST_OF_SCREEN = "\u001b[J";

/** @param write writes to the terminal as it stands; returns false when that failed. */
export function openScreen(write: (text: string) => boolean, size: () => ScreenSize): TerminalScreen {
  let isOpen = write(ENTER);
  return {
    draw: (lines) => isOpen && write(renderFrame(lines, size())),
    close: () => {
      if (isOpen) write(LEAVE);
      isOpen = false;
    },
    open: () => {
      isOpen ||= write(ENTER);
    },
  };
}

/** Renders lines to cover a screen, never wider or higher than it. The last line counts those that are left out. */
export function renderFrame(lines: readonly string[], { columns, rows }: ScreenSize): string {
  if (lines.length === 0) return `${HOME}${REST_OF_SCREEN}`;
  const isAll = lines.length <= rows;
  const shown = isAll ? lines : [...lines.slice(0, Math.max(0, rows - 1)), `… ${lines.length - rows + 1} more lines`];
  return `${HOME}${shown.map((line) => `${cutToWidth(line, columns)}${REST_OF_LINE}`).join("\r\n")}${isAll && lines.length < rows ? `\r\n${REST_OF_SCREEN}` : ""}`;
}
