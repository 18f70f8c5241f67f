import { anyOf } from "../../model/characters.ts";

/** The controls other than tabs and line ends, and the characters that turn the direction of text around. */
const UNREADABLE = anyOf(["nul", "carriageReturn", "ascii", "del", "c1", "separators", "directions"], "g");

/**
 * The output of a program for a terminal, as lines to read. Escape sequences and control characters are left out, and tabs
 * stay. A line that was written over, such as a progress bar, holds only its last text.
 */
export function readableLines(text: string): string[] {
  // It goes line by line, so that a sequence that was cut short takes no line that follows.
  return tameLines(text.split("\n").map((line) => overwritten(Bun.stripANSI(line))));
}

/** Lines without characters that a terminal obeys and a person does not see. Tabs stay. */
export function tameLines(lines: readonly string[]): string[] {
  return lines.map((line) => line.replace(UNREADABLE, ""));
}

/** The last text of a line. The end of a line may be "\r\n", and through a pane "\r\r\n", which writes over nothing. */
function overwritten(line: string): string {
  const trimmed = line.replace(/\r+$/, "");
  return trimmed.slice(trimmed.lastIndexOf("\r") + 1);
}
