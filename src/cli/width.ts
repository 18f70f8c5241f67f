/**
 * A text of at most so many columns of a screen: one that is too long ends, or begins, in "…". Characters stay whole,
 * and colours stay on what is left.
 */
export function cutToWidth(text: string, columns: number, cuts: "end" | "start" = "end"): string {
  if (Bun.stringWidth(text) <= columns) return text;
  const slice = (room: number) =>
    cuts === "end" ? Bun.sliceAnsi(text, 0, room, "…") : Bun.sliceAnsi(text, -room, undefined, "…");
  return slice(roomFor(columns, slice));
}

/**
 * A line as so many as it needs where none is longer than a screen is wide; a character that is wider than that stands
 * alone. Colours stay. Bun.wrapAnsi would take an emoji of several parts apart, and count two columns for one.
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

/** The columns to ask Bun.sliceAnsi for: it takes a wide character whole when only the first column of it fits. */
function roomFor(columns: number, slice: (room: number) => string): number {
  let room = columns;
  while (room > 1 && Bun.stringWidth(slice(room)) > columns) room -= 1;
  return room;
}
