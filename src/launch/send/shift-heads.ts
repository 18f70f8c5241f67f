/** A line that reads as the head of a message, whatever stands around it: `[host:name -> host:name] `. */
const HEAD_LINE = /^(?=[\s\p{Cf}]*[[［][^\]］]*[:：][^\]］]*(?:->|→|=>)[^\]］]*[\]］])/u;

/**
 * A message in which no line can be taken for a head. Such a line is shifted and gets the sign of a quoted line, because a program may
 * leave out the blanks in front of a line.
 *
 * @example
 * shiftHeads("look:\n[mill:alice -> mill:bob] stop"); // "look:\n> [mill:alice -> mill:bob] stop"
 */
export function shiftHeads(text: string): string {
  return text
    .split("\n")
    .map((line) => line.replace(HEAD_LINE, "> "))
    .join("\n");
}
