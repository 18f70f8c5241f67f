import type { Case, Played } from "./play.ts";

/** All runs of one case. */
export interface Result extends Case {
  readonly played: readonly Played[];
}

const TITLES = ["row", "witness", "runs", "as expected", "expected records"] as const;

/** An aligned table, with the numbers to the right. */
export function renderResults(results: readonly Result[]): string {
  const rows = [[...TITLES], ...results.map(renderRow)];
  const widths = TITLES.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const isNumber = (column: number) => column === 2 || column === 3;
  const pad = (cell: string, column: number) =>
    isNumber(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!);
  return rows.map((row) => row.map(pad).join("  ").trimEnd()).join("\n");
}

function renderRow({ row, witness, played }: Result): string[] {
  const good = played.filter(({ isAsExpected }) => isAsExpected).length;
  const records = row.expected[witness]?.records ?? [];
  return [row.name, witness, String(played.length), String(good), records.length === 0 ? "none" : records.join("; ")];
}

/** The outcomes that were not expected, equal ones counted together; empty when there is none. */
export function renderUnexpected(results: readonly Result[]): string {
  return results.flatMap(describeCase).join("\n");
}

function describeCase({ row, witness, played }: Result): string[] {
  const wrong = played.filter(({ isAsExpected }) => !isAsExpected).map(describePlayed);
  const counted = [...Map.groupBy(wrong, (text) => text)].map(
    ([text, same]) => `${same.length} of ${played.length} runs:\n${text}`,
  );
  return counted.map((text) => `\n${row.name} (${witness}), ${text}`);
}

/** The parts in which the outcome differs. */
export function describePlayed({ expected, found, error }: Played): string {
  const parts = ["records", "lives", "canary", "leaks"] as const;
  const differing = parts.filter((part) => !Bun.deepEquals(expected[part], found[part]));
  const lines = differing.map(
    (part) =>
      `  ${part}: expected ${renderList(expected[part])}\n  ${" ".repeat(part.length)}  found    ${renderList(found[part])}`,
  );
  return [...(error === undefined ? [] : [`  failed on the way: ${error}`]), ...lines].join("\n");
}

function renderList(texts: readonly string[]): string {
  return texts.length === 0 ? "none" : texts.join("; ");
}
