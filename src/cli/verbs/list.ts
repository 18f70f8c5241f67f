import { parseRuntime } from "../../core/names.ts";
import { peersOf } from "../../registry/schema.ts";
import { readRegistry } from "../../registry/store.ts";
import { readStatuses } from "../../status/peer-status.ts";
import type { Output } from "../output.ts";
import { type PeerJson, renderRuntimes, toPeerJson } from "../peer-json.ts";
import { type Column, renderTable } from "../table.ts";
import { defineVerb } from "../verb.ts";

export const list = defineVerb({
  name: "list",
  summary: "show every peer, a row each",
  options: { runtime: { type: "string", value: "R", help: "only peers that have this runtime", completes: "runtimes" } },
  positionals: [],
  examples: [
    { command: "iapeer list", note: "who is on this host, and who is awake" },
    { command: "iapeer list --runtime codex --json", note: "for a script: only peers with codex" },
  ],
  run: async ({ values }, { layout, output }) => {
    const runtime = values.runtime === undefined ? undefined : parseRuntime(values.runtime);
    const statuses = readStatuses(layout);
    const peers = peersOf(readRegistry(layout)).filter((peer) => runtime === undefined || peer.runtimes.includes(runtime));
    const rows = peers.map((peer) => toPeerJson(peer, statuses));
    const leaving = new Set(peers.filter(({ isBeingRemoved }) => isBeingRemoved).map(({ personality }) => personality));
    output.result(rows, () => renderPeers(rows, leaving, output));
    if (rows.length === 0 && !output.isJson) output.note(describeNone(runtime));
    return 0;
  },
});

function describeNone(runtime: string | undefined): string {
  return runtime === undefined ? "no peers yet; to add one: iapeer add <personality>" : `no peer has the runtime ${runtime}`;
}

const COLUMNS: readonly Column[] = [
  { title: "PEER" },
  { title: "RUNTIMES" },
  { title: "FOLDER", cuts: "start" },
  { title: "DESCRIPTION", cuts: "end" },
];

function renderPeers(rows: readonly PeerJson[], leaving: ReadonlySet<string>, { colors, width }: Output): string {
  if (rows.length === 0) return "";
  const cells = rows.map((row) => [
    leaving.has(row.personality) ? { painted: `${row.personality} ${colors.yellow("(being removed)")}` } : row.personality,
    { painted: renderRuntimes(row, colors) },
    row.cwd,
    row.description,
  ]);
  return renderTable(COLUMNS, cells, { paintTitle: colors.bold, width: width() });
}
