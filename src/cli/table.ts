export interface Column {
  readonly title: string;
  /** Cut with an ellipsis when the table is wider than the terminal. */
  readonly isElastic?: boolean;
}

export interface TableOptions {
  /** The terminal's width; undefined: nothing is cut. */
  readonly width?: number | undefined;
  readonly paintTitle?: (text: string) => string;
}

const GAP = "  ";
const LEAST_ELASTIC = 12;

/** An aligned table. Widths are those on a screen (wide characters, colours). Control characters in cells are shown as "?". */
export function renderTable(columns: readonly Column[], rows: readonly (readonly string[])[], options: TableOptions = {}): string {
  const clean = rows.map((row) => row.map(tame));
  const widths = fit(columns, columns.map(({ title }, i) => Math.max(...[title, ...clean.map((row) => row[i] ?? "")].map((cell) => Bun.stringWidth(cell)))), options.width);
  const line = (cells: readonly string[]) => cells.map((cell, i) => pad(cut(cell, widths[i]!), widths[i]!)).join(GAP).trimEnd();
  const paint = options.paintTitle ?? ((text: string) => text);
  return [paint(line(columns.map(({ title }) => title))), ...clean.map(line)].join("\n");
}

/** A person's text as one tame line: no control character reaches the terminal, colours of ours excepted. */
export function tame(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\n\r\t]+/g, " ").replace(/\u001b(?!\[[0-9;]*m)|[\u0000-\u001a\u001c-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, "?");
}

function fit(columns: readonly Column[], widths: number[], width: number | undefined): number[] {
  const elastic = columns.findIndex(({ isElastic }) => isElastic);
  if (width === undefined || elastic === -1) return widths;
  const total = widths.reduce((sum, one) => sum + one + GAP.length, -GAP.length);
  const over = Math.max(0, total - width);
  return widths.map((one, i) => (i === elastic ? Math.max(Math.min(one, LEAST_ELASTIC), one - over) : one));
}

function cut(cell: string, width: number): string {
  if (Bun.stringWidth(cell) <= width) return cell;
  let short = "";
  for (const { segment } of new Intl.Segmenter().segment(Bun.stripANSI(cell))) {
    if (Bun.stringWidth(short + segment) > width - 1) break;
    short += segment;
  }
  return `${short}…`;
}

function pad(cell: string, width: number): string {
  return cell + " ".repeat(Math.max(0, width - Bun.stringWidth(cell)));
}
