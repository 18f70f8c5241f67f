/** Controls that are no tab and no line end, and what turns the direction of text around. */
// oxlint-disable-next-line no-control-regex
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/**
 * What a program printed to a terminal, as lines to read: without escape sequences, of a line that was written over (a progress
 * bar) only what stands there in the end, without control characters. Tabs stay.
 */
export function readableLines(text: string): string[] {
  // Line by line: a sequence that was cut short takes no line that follows.
  return text.split("\n").map((line) => overwritten(Bun.stripANSI(line)).replace(CONTROLS, ""));
}

/** A line's end may be "\r\n", and through a pane "\r\r\n": that writes nothing over. */
function overwritten(line: string): string {
  const trimmed = line.replace(/\r+$/, "");
  return trimmed.slice(trimmed.lastIndexOf("\r") + 1);
}
