/**
 * Cuts a text to at most so many columns. A text that is cut ends, or begins, in "…". Characters stay whole, and colours stay
 * on the rest.
 */
export function cutToWidth(text: string, columns: number, cuts: "end" | "start" = "end"): string {
  if (Bun.stringWidth(text) <= columns) return text;
  const slice = (room: number) =>
    cuts === "end" ? Bun.sliceAnsi(text, 0, room, "…") : Bun.sliceAnsi(text, -room, undefined, "…");
  return slice(roomFor(columns, slice));
}

/**
 * Wraps a line into lines of at most so many columns. A character that is wider than that stands alone. Colours stay.
 * Bun.wrapAnsi splits an emoji that has several parts, and counts its columns wrongly.
 */
export function wrapToWidth(line: string, columns: number): string[] {
  const lines: string[] = [];
  let rest = line;
  while (Bun.stringWidth(rest) > columns) {
    const text = rest;
    const room = roomFor(Math.max(1, columns), (tried) => Bun.sliceAnsi(text, 0, tried));
    lines.push(Bun.sliceAnsi(text, 0, room));
    rest = Bun.sliceAnsi(text, room);
  }
  return rest === "" && lines.length > 0 ? lines : [...lines, rest];
}

/** The columns to ask Bun.sliceAnsi for: it keeps a wide character of which only the first column fits. */
function roomFor(columns: number, slice: (room: number) => string): number {
  let room = columns;
  while (room > 1 && Bun.stringWidth(slice(room)) > columns) room -= 1;
  return room;
}
