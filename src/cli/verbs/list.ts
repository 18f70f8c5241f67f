import { listPeers, type ListRow, type PeerList } from "../../app/list.ts";
import { parseRuntime } from "../../model/names.ts";
import { renderAge } from "../duration.ts";
import type { Output } from "../output.ts";
import { renderRuntimes, renderUnknown } from "../runtimes.ts";
import { type Column, renderTable } from "../table.ts";
import { defineVerb } from "../verb.ts";

export const list = defineVerb({
  meta: { name: "list", description: "list the peers" },
  args: {
    runtime: { type: "string", valueHint: "runtime", description: "only peers that have this runtime", completes: "runtimes" },
  },
  examples: [
    { command: "iapeer list", note: "every peer, and whether it is live" },
    { command: "iapeer list --runtime codex --json", note: "the peers with codex, for a script" },
  ],
  run: async ({ args }, { app, output }) => {
    const runtime = args.runtime === undefined ? undefined : parseRuntime(args.runtime);
    const peers = await listPeers(app, { runtime });
    output.result(peers.rows, () => renderPeers(peers, app.now(), output));
    if (peers.rows.length === 0 && !output.isJson) output.note(describeNone(runtime));
    return 0;
  },
});

function describeNone(runtime: string | undefined): string {
  return runtime === undefined ? "no peers yet; to add one: iapeer add <personality>" : `no peer has the runtime ${runtime}`;
}

const DAY_MS = 24 * 60 * 60 * 1000;

const LAST_DEATH: Column = { title: "LAST DEATH" };
const COLUMNS: readonly Column[] = [
  { title: "PEER" },
  { title: "RUNTIMES" },
  { title: "FOLDER", cuts: "start" },
  { title: "DESCRIPTION", cuts: "end" },
];

function renderPeers({ rows, leaving }: PeerList, now: Date, { colors, width }: Output): string {
  if (rows.length === 0) return "";
  const marks = rows.map((row) => markDeath(row, now));
  const hasDeaths = marks.some((mark) => mark !== "");
  const columns = hasDeaths ? COLUMNS.toSpliced(2, 0, LAST_DEATH) : COLUMNS;
  const cells = rows.map((row, index) => [
    leaving.has(row.personality) ? { painted: `${row.personality} ${colors.yellow("(being removed)")}` } : row.personality,
    { painted: renderRuntimes(row, colors) },
    ...(hasDeaths ? [{ painted: marks[index] === "" ? "" : colors.yellow(marks[index]!) }] : []),
    row.cwd,
    row.description,
  ]);
  const table = renderTable(columns, cells, { paintTitle: colors.bold, width: width() });
  return [table, ...rows.flatMap(renderUnknown)].join("\n");
}

/** "killed, 3 min ago" of a death in the last 24 hours, else nothing. */
function markDeath({ last_death: death }: ListRow, now: Date): string {
  if (death === undefined || now.getTime() - Date.parse(death.ts) > DAY_MS) return "";
  return `${death.verdict}, ${renderAge(death.ts, now)}`;
}
