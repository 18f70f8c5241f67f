import { type Bound, judge, type Measured, type Row } from "./row.ts";

export interface Judged extends Measured {
  readonly row: Row;
  readonly value: number;
  readonly isWithin: boolean;
}

export function judgeRow(row: Row, measured: Measured): Judged {
  return { row, ...measured, ...judge(row.bound, measured) };
}

const TITLES = ["claim", "measured", "baseline", "", "ratio", "bound", ""] as const;

/** An aligned table, with the numbers to the right. */
export function renderResults(judged: readonly Judged[]): string {
  const rows = [[...TITLES], ...judged.map(renderRow)];
  const widths = TITLES.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const isNumber = (column: number) => column === 1 || column === 2 || column === 4;
  const pad = (cell: string, column: number) =>
    isNumber(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!);
  return rows.map((row) => row.map(pad).join("  ").trimEnd()).join("\n");
}

function renderRow({ row: { claim, against, unit, bound }, measured, baseline, value, isWithin }: Judged): string[] {
  const ratio = bound.kind === "difference" ? `+${round(value)} ${unit}` : `${round(value)}×`;
  return [
    claim,
    `${round(measured)} ${unit}`,
    `${round(baseline)} ${unit}`,
    against,
    ratio,
    renderBound(bound, unit),
    isWithin ? "ok" : "over",
  ];
}

function renderBound(bound: Bound, unit: string): string {
  if (bound.kind === "speedup") return `at least ${bound.least}×`;
  if (bound.kind === "most") return `at most ${bound.most} ${unit}`;
  return bound.kind === "ratio" ? `at most ${bound.most}×` : `at most +${bound.most} ${unit}`;
}

function round(value: number): string {
  return value.toFixed(Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2);
}
