import { cutToWidth } from "./width.ts";

/** A terminal's screen that is drawn anew again and again: the alternate one, so that what was there before comes back (xterm, ctlseqs). */
export interface Screen {
  /** Draws lines over what is there, without clearing it first; what does not fit is left out. False: nobody sees it any more. */
  readonly draw: (lines: readonly string[]) => boolean;
  /** Gives the terminal back as it was; what is drawn after that is not seen. */
  readonly close: () => void;
  /** Takes it again. */
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

/** @param write writes to the terminal as it stands; false when that cannot be done any more. */
export function openScreen(write: (text: string) => boolean, size: () => ScreenSize): Screen {
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

/** Lines as they cover a screen: no longer than it is wide, no more than it is high, with a word about what is left out. */
export function renderFrame(lines: readonly string[], { columns, rows }: ScreenSize): string {
  if (lines.length === 0) return `${HOME}${REST_OF_SCREEN}`;
  const isAll = lines.length <= rows;
  const shown = isAll ? lines : [...lines.slice(0, Math.max(0, rows - 1)), `… ${lines.length - rows + 1} more lines`];
  return `${HOME}${shown.map((line) => `${cutToWidth(line, columns)}${REST_OF_LINE}`).join("\r\n")}${isAll && lines.length < rows ? `\r\n${REST_OF_SCREEN}` : ""}`;
}
