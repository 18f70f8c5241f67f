import { existsSync } from "node:fs";
import { identityOf, parseRuntime } from "../../model/names.ts";
import { readRegistry } from "../../registry/registry.ts";
import type { Peer } from "../../registry/types.ts";
import type { Death } from "../../status/deaths/types.ts";
import { readStatuses } from "../../status/liveness/liveness.ts";
import type { Context } from "../../app/app.ts";
import { renderAge } from "../duration.ts";
import { type PeerJson, renderRuntimes, toPeerJson } from "../../app/peers/peer-json.ts";
import { type Column, renderTable } from "../table.ts";
import { defineVerb } from "../verb.ts";

export const list = defineVerb({
  meta: { name: "list", description: "show every peer, a row each" },
  args: {
    runtime: { type: "string", valueHint: "r", description: "only peers that have this runtime", completes: "runtimes" },
  },
  examples: [
    { command: "iapeer list", note: "who is on this host, and who is awake" },
    { command: "iapeer list --runtime codex --json", note: "for a script: only peers with codex" },
  ],
  run: async ({ values }, context) => {
    const { layout, output } = context;
    const runtime = values.runtime === undefined ? undefined : parseRuntime(values.runtime);
    const statuses = readStatuses(layout);
    const peers = readRegistry(layout).peers.filter((peer) => runtime === undefined || peer.runtimes.includes(runtime));
    const deaths = await findLastDeaths(peers, context);
    const rows = peers.map((peer) => ({ ...toPeerJson(peer, statuses), ...lastDeathOf(peer, deaths) }));
    const leaving = new Set(peers.filter(({ isBeingRemoved }) => isBeingRemoved).map(({ personality }) => personality));
    output.result(rows, () => renderPeers(rows, leaving, context));
    if (rows.length === 0 && !output.isJson) output.note(describeNone(runtime));
    return 0;
  },
});

/** A row, with the peer's newest unclaimed end among the newest records. */
interface ListRow extends PeerJson {
  readonly last_death?: Pick<Death, "id" | "ts" | "ev" | "verdict">;
}

/** The last death of each identity. Who is on this host can be told without the log of deaths. */
async function findLastDeaths(peers: readonly Peer[], { layout, output }: Context): Promise<ReadonlyMap<string, Death>> {
  if (!existsSync(layout.exitsLog)) return new Map();
  try {
    const { readLastDeaths } = await import("../../status/deaths/deaths.ts");
    return readLastDeaths(layout, peers.flatMap(identitiesOf));
  } catch (error) {
    output.warn((error as Error).message);
    return new Map();
  }
}

function identitiesOf({ runtimes, personality }: Peer): string[] {
  return runtimes.map((runtime) => identityOf(runtime, personality));
}

function lastDeathOf(peer: Peer, deaths: ReadonlyMap<string, Death>): Pick<ListRow, "last_death"> {
  if (deaths.size === 0) return {};
  const own = identitiesOf(peer)
    .map((identity) => deaths.get(identity))
    .filter((death) => death !== undefined);
  const last = own.toSorted((a, b) => Date.parse(b.ts) - Date.parse(a.ts))[0];
  return last === undefined ? {} : { last_death: { id: last.id, ts: last.ts, ev: last.ev, verdict: last.verdict } };
}

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

function renderPeers(rows: readonly ListRow[], leaving: ReadonlySet<string>, { output, now }: Context): string {
  if (rows.length === 0) return "";
  const { colors, width } = output;
  const marks = rows.map((row) => markDeath(row, now()));
  const hasDeaths = marks.some((mark) => mark !== "");
  const columns = hasDeaths ? COLUMNS.toSpliced(2, 0, LAST_DEATH) : COLUMNS;
  const cells = rows.map((row, index) => [
    leaving.has(row.personality) ? { painted: `${row.personality} ${colors.yellow("(being removed)")}` } : row.personality,
    { painted: renderRuntimes(row, colors) },
    ...(hasDeaths ? [{ painted: marks[index] === "" ? "" : colors.yellow(marks[index]!) }] : []),
    row.cwd,
    row.description,
  ]);
  return renderTable(columns, cells, { paintTitle: colors.bold, width: width() });
}

/** "killed, 3 min ago" of a death in the last 24 hours, else nothing. */
function markDeath({ last_death: death }: ListRow, now: Date): string {
  if (death === undefined || now.getTime() - Date.parse(death.ts) > DAY_MS) return "";
  return `${death.verdict}, ${renderAge(death.ts, now)}`;
}
