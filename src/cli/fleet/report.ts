import type { Row } from "../../fleet/apply/run.ts";
import type { Colors } from "../colors.ts";
import type { Output } from "../output.ts";
import { renderTable } from "../table.ts";
import type { ApplyReport } from "./apply.ts";

const COLUMNS = [{ title: "PEER" }, { title: "OP" }, { title: "STATUS" }, { title: "STAGE" }, { title: "MESSAGE" }];

/** Prints what an apply came to: a row for each that was not as it should be, and a line about all. */
export function printReport(report: ApplyReport, output: Output): void {
  output.result(report, () => renderReport(report, output.colors));
  const { undeclared } = report;
  if (output.isJson || undeclared.length === 0) return;
  const [is, it] = undeclared.length === 1 ? ["is", "it"] : ["are", "them"];
  output.note(`declared no more, and still here: ${undeclared.join(", ")}; to remove ${it}: iapeer fleet apply --prune (${undeclared.length} ${is} left as ${undeclared.length === 1 ? "it is" : "they are"})`);
}

function renderReport({ rows, dry_run: isDryRun }: ApplyReport, colors: Colors): string {
  const shown = rows.filter(({ status }) => status !== "unchanged");
  const cells = shown.map((row) => [row.peer, row.op, { painted: paint(row.status, colors) }, row.stage, row.message ?? ""]);
  const table = shown.length === 0 ? [] : [renderTable(COLUMNS, cells, { paintTitle: colors.bold })];
  return [...table, `${isDryRun ? "would be: " : ""}${countRows(rows)}`].join("\n");
}

function paint(status: Row["status"], colors: Colors): string {
  if (status === "failed") return colors.red(status);
  return status === "skipped" ? colors.yellow(status) : colors.green(status);
}

/** "3 added, 1 failed, 12 unchanged" */
function countRows(rows: readonly Row[]): string {
  const done = rows.filter(({ status }) => status === "done" || status === "planned");
  const counts: readonly [number, string][] = [
    [done.filter(({ op }) => op === "add").length, "added"],
    [done.filter(({ op }) => op === "update").length, "updated"],
    [done.filter(({ op }) => op === "remove").length, "removed"],
    [done.filter(({ op, stage }) => op === "unchanged" && stage === "launch").length, "launched"],
    [rows.filter(({ status }) => status === "failed").length, "failed"],
    [rows.filter(({ status }) => status === "skipped").length, "skipped"],
    [rows.filter(({ status }) => status === "unchanged").length, "unchanged"],
  ];
  const words = counts.filter(([count]) => count > 0).map(([count, word]) => `${count} ${word}`);
  return words.length === 0 ? "no agents" : words.join(", ");
}
