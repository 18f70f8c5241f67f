import { anyOf } from "../../model/characters.ts";

/** Controls that are no tab and no line end, and what turns the direction of text around. */
const UNREADABLE = anyOf(["nul", "carriageReturn", "ascii", "del", "c1", "separators", "directions"], "g");

/**
 * What a program printed to a terminal, as lines to read: without escape sequences, of a line that was written over (a progress
 * bar) only what stands there in the end, without control characters. Tabs stay.
 */
export function readableLines(text: string): string[] {
  // Line by line: a sequence that was cut short takes no line that follows.
  return text.split("\n").map((line) => overwritten(Bun.stripANSI(line)).replace(UNREADABLE, ""));
}

/** A line's end may be "\r\n", and through a pane "\r\r\n": that writes nothing over. */
function overwritten(line: string): string {
  const trimmed = line.replace(/\r+$/, "");
  return trimmed.slice(trimmed.lastIndexOf("\r") + 1);
}
