import { quoteForSh } from "../../core/text/quoting.ts";
import type { Row } from "../../fleet/plan/types.ts";
import { fleetPath } from "../../fleet/file/file.ts";
import type { Colors } from "../colors.ts";
import type { App } from "../../app/types.ts";
import type { Output } from "../output.ts";
import { tame } from "../../model/characters.ts";
import { renderTable } from "../table.ts";
import type { ApplyReport } from "../../app/fleet/apply.ts";

const COLUMNS = [{ title: "PEER" }, { title: "OP" }, { title: "STATUS" }, { title: "STAGE" }, { title: "MESSAGE" }];

/** The longest message that stands in its row. A longer one stands below the table. */
const MAX_INLINE = 32;

/** Prints an apply: a row for each agent that changes or failed, and a line about all agents. */
export function printReport(report: ApplyReport, { app, output }: { readonly app: App; readonly output: Output }): void {
  output.result(report, () => renderReport(report, output.colors));
  const { undeclared, file } = report;
  if (output.isJson || undeclared.length === 0) return;
  const named = file === fleetPath(app.layout, app.env) ? "" : ` --file ${quoteForSh(file)}`;
  output.note(
    `no longer declared, and still here: ${undeclared.join(", ")}; to remove ${undeclared.length === 1 ? "it" : "them"}: iapeer fleet apply --prune${named}`,
  );
}

function renderReport({ rows, dry_run: isDryRun }: ApplyReport, colors: Colors): string {
  const shown = rows.filter(({ status }) => status !== "unchanged");
  const isInline = ({ message }: Row) => (message ?? "").length <= MAX_INLINE;
  const cells = shown.map((row) => [
    row.peer,
    row.op,
    { painted: paint(row.status, colors) },
    row.stage,
    isInline(row) ? (row.message ?? "") : "see below",
  ]);
  const table = shown.length === 0 ? [] : [renderTable(COLUMNS, cells, { paintTitle: colors.bold })];
  const below = shown.filter((row) => !isInline(row)).map(({ peer, message }) => `${peer}: ${tame(message!)}`);
  return [...table, ...(below.length === 0 ? [] : ["", ...below, ""]), `${isDryRun ? "would be: " : ""}${countRows(rows)}`].join(
    "\n",
  );
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
