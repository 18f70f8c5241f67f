import { tame } from "../model/characters.ts";
import { cutToWidth } from "./width.ts";

export interface Column {
  readonly title: string;
  /** The side that is cut when the table is too wide for the terminal. The rightmost such column is cut first. */
  readonly cuts?: "end" | "start";
}

/** A cell that holds our colours. Its text was tamed before it was painted. */
export interface Painted {
  readonly painted: string;
}

/** The content of a cell. A plain text may come from anywhere, and is tamed. */
export type Cell = string | Painted;

export interface TableOptions {
  /** The columns of the terminal. Without it nothing is cut. */
  readonly width?: number | undefined;
  readonly paintTitle?: (text: string) => string;
}

const GAP = "  ";
/** The columns that a cut cell keeps at least. */
const LEAST_WIDTH = 12;

/** Renders an aligned table. A width is the columns on a screen, without colours. Control characters are shown as "?". */
export function renderTable(columns: readonly Column[], rows: readonly (readonly Cell[])[], options: TableOptions = {}): string {
  const lines = rows.map((row) => row.map((cell) => (typeof cell === "string" ? tame(cell) : cell.painted)));
  const natural = columns.map(({ title }, i) => widest([title, ...lines.map((line) => line[i] ?? "")]));
  const widths = fit(columns, natural, options.width);
  const cut = (cell: string, i: number) => {
    const { cuts } = columns[i]!;
    return cuts === undefined ? cell : cutToWidth(cell, widths[i]!, cuts);
  };
  const render = (cells: readonly string[]) =>
    cells
      .map((cell, i) => pad(cut(cell, i), widths[i]!))
      .join(GAP)
      .trimEnd();
  const paint = options.paintTitle ?? ((text: string) => text);
  return [paint(render(columns.map(({ title }) => title))), ...lines.map(render)].join("\n");
}

function widest(cells: readonly string[]): number {
  return cells.reduce((width, cell) => Math.max(width, Bun.stringWidth(cell)), 0);
}

function fit(columns: readonly Column[], natural: readonly number[], width: number | undefined): number[] {
  const widths = [...natural];
  let over = width === undefined ? 0 : natural.reduce((sum, one) => sum + one + GAP.length, -GAP.length) - width;
  for (let i = columns.length - 1; i >= 0 && over > 0; i -= 1) {
    if (columns[i]!.cuts === undefined) continue;
    const less = Math.max(0, Math.min(over, widths[i]! - LEAST_WIDTH));
    widths[i]! -= less;
    over -= less;
  }
  return widths;
}

function pad(cell: string, width: number): string {
  return cell + " ".repeat(Math.max(0, width - Bun.stringWidth(cell)));
}
