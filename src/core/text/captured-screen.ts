import { tameLines } from "./terminal-text.ts";

/** The rows of a screen that tmux has captured. */
export interface CapturedRows {
  readonly plain: readonly string[];
  /** Each with the colours and the other looks that it has (SGR of ECMA-48), and nothing of them left at its end. */
  readonly coloured: readonly string[];
}

/**
 * Reads what `capture-pane -e` prints: rows with the SGR sequences of ECMA-48, which go on over line ends. Characters between SO and SI
 * are those of the DEC graphics set. Everything else that a terminal would obey is left out.
 */
export function parseCapture(capture: string): CapturedRows {
  const plain: string[] = [];
  const coloured: string[] = [];
  let look: readonly string[] = [];
  let isGraphics = false;
  for (const row of capture.replace(/\n$/, "").split("\n")) {
    let text = "";
    let painted = look.join("");
    for (const part of row.split(SEQUENCE)) {
      if (part === SHIFT_OUT || part === SHIFT_IN) isGraphics = part === SHIFT_OUT;
      else if (SGR.test(part)) {
        look = restyle(look, part);
        painted += part;
      } else {
        const own = Bun.stripANSI(part);
        const [characters = ""] = tameLines([isGraphics ? drawGraphics(own) : own]);
        text += characters;
        painted += characters;
      }
    }
    plain.push(text.trimEnd());
    coloured.push(closeRow(text, look.length === 0 ? painted.trimEnd() : painted));
  }
  return { plain, coloured };
}

/** A row with nothing of its look left at its end. */
function closeRow(text: string, painted: string): string {
  if (text === "" || !painted.includes("\u001b")) return text.trimEnd();
  return painted.endsWith(RESET) ? painted : `${painted}${RESET}`;
}

const SHIFT_OUT = "\u000e";
const SHIFT_IN = "\u000f";
const RESET = "\u001b[0m";
// oxlint-disable-next-line no-control-regex -- these are the sequences of a terminal
const SEQUENCE = /(\u001b\[[0-9;:]*m|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)|\u000e|\u000f)/;
// oxlint-disable-next-line no-control-regex
const SGR = /^\u001b\[[0-9;:]*m$/;

/** The sequences that make the look of the next character. A reset ends those before it, and a colour the colour before it, the usual one too. */
function restyle(look: readonly string[], sequence: string): readonly string[] {
  const body = sequence.slice(2, -1);
  if (body === "" || body === "0") return [];
  if (/^0?[;:]/.test(body)) return [sequence];
  // tmux gives each colour a sequence of its own.
  const colour = COLOURS.find((one) => one.test(body));
  const others = colour === undefined ? look : look.filter((one) => !colour.test(one.slice(2, -1)));
  return /^[345]9$/.test(body) ? others : [...others, sequence];
}

/** Sequences that give characters, their ground, and their underline a colour. */
const COLOURS = [/^(?:3|9)\d(?![\d])/, /^(?:4|10)\d(?![\d])/, /^5[89](?![\d])/];

/** Where the DEC graphics set differs from ASCII, from "`" on (terminfo(5), "Line Graphics"; xterm's ctlseqs, "DEC Special Character"). */
const GRAPHICS = "◆▒␉␌␍␊°±␤␋┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·";

function drawGraphics(text: string): string {
  return text.replaceAll(/[`-~]/g, (letter) => GRAPHICS[letter.charCodeAt(0) - 0x60]!);
}
