import { type CanaryRow, listCanaries } from "../../app/canaries.ts";
import type { Output } from "../output.ts";
import { type Column, renderTable } from "../table.ts";
import { defineVerb } from "../verb.ts";

export const canaryStatus = defineVerb({
  meta: { name: "canary status", description: "show whether the end of each live server would be recorded" },
  details:
    "The witness is the process that learns of the end. A parent learns the exact signal. A client of tmux only learns " +
    "that the server is gone.\nExit 1 where a live server has no canary.",
  args: {},
  examples: [{ command: "iapeer canary status", note: "each live server, its witness, or why it has none" }],
  run: async (_call, { app, output }) => {
    const rows = await listCanaries(app);
    output.result(rows, () => render(rows, output));
    if (rows.length === 0 && !output.isJson) output.note("no live servers");
    return rows.every(({ armed }) => armed) ? 0 : 1;
  },
});

const COLUMNS: readonly Column[] = [
  { title: "IDENTITY" },
  { title: "SERVER" },
  { title: "CANARY" },
  { title: "SINCE / WHY NOT", cuts: "end" },
];

function render(rows: readonly CanaryRow[], { colors, width }: Output): string {
  if (rows.length === 0) return "";
  const cells = rows.map(({ identity, server_pid, armed, witness, recorder_pid, since, reason }) => [
    identity,
    server_pid === null ? "?" : String(server_pid),
    { painted: armed ? colors.green(`armed (${witness}, pid ${recorder_pid})`) : colors.yellow("not armed") },
    armed ? (since ?? "") : (reason ?? ""),
  ]);
  return renderTable(COLUMNS, cells, { paintTitle: colors.bold, width: width() });
}
