import type { Screen } from "./types.ts";

/** The facts that tmux has about a pane beside its text. */
export interface CursorFacts {
  readonly isVisible: boolean;
  readonly x: number;
  readonly y: number;
}

/**
 * Reads what `capture-pane -e` prints: text with the SGR sequences of ECMA-48, which go on over line ends. Characters between SO and SI
 * are lines and corners of the DEC graphics set (terminfo(5), "Line Graphics").
 */
export function parseScreen(capture: string, cursor: CursorFacts): Screen {
  const lines: string[] = [];
  const marks: string[] = [];
  let [line, mark] = ["", ""];
  let style: Style = PLAIN;
  let isGraphics = false;
  for (const part of capture.split(SEQUENCE)) {
    if (part === "\u000e" || part === "\u000f") isGraphics = part === "\u000e";
    else if (part.startsWith("\u001b")) style = part.endsWith("m") ? restyle(style, part) : style;
    else if (part === "\n") {
      lines.push(line.replace(/ +$/, ""));
      marks.push(mark.slice(0, lines.at(-1)!.length));
      [line, mark] = ["", ""];
    } else {
      line += isGraphics ? part.replaceAll(/[j-x]/g, "\u2502") : part;
      mark += letterOf(style).repeat(part.length);
    }
  }
  lines.push(line.replace(/ +$/, ""));
  marks.push(mark.slice(0, lines.at(-1)!.length));
  if (lines.at(-1) === "") {
    lines.pop();
    marks.pop();
  }
  return { lines, marks, cursor };
}

// oxlint-disable-next-line no-control-regex -- these are the sequences of a terminal
const SEQUENCE = /(\u001b\[[0-9;:]*m|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)|\u000e|\u000f|\n)/;

interface Style {
  readonly isFaint: boolean;
  readonly isReverse: boolean;
}

const PLAIN: Style = { isFaint: false, isReverse: false };

function restyle(style: Style, sequence: string): Style {
  const words = sequence.slice(2, -1).split(/[;:]/).map(Number);
  let { isFaint, isReverse } = style;
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at]!;
    if (word === 0) [isFaint, isReverse] = [false, false];
    else if (word === 2) isFaint = true;
    else if (word === 22) isFaint = false;
    else if (word === 7) isReverse = true;
    else if (word === 27) isReverse = false;
    // A colour: 38;5;N or 38;2;R;G;B, and likewise 48 and 58.
    else if (word === 38 || word === 48 || word === 58) at += words[at + 1] === 5 ? 2 : 4;
  }
  return { isFaint, isReverse };
}

function letterOf({ isFaint, isReverse }: Style): string {
  if (isFaint) return isReverse ? "b" : "f";
  return isReverse ? "r" : ".";
}
