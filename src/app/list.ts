import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { identityOf } from "../model/names.ts";
import { readRegistry } from "../registry/registry.ts";
import type { Peer } from "../registry/types.ts";
import type { Death } from "../status/deaths/types.ts";
import { findMisplaced } from "../status/state-places.ts";
import { readStatuses } from "../status/liveness/liveness.ts";
import { type PeerJson, toPeerJson } from "./peer-json.ts";
import type { App } from "./types.ts";

export interface ListRequest {
  /** Only the peers that have this runtime. */
  readonly runtime?: string | undefined;
}

/** A peer as `list --json` has it, with its newest unclaimed end among the newest records. */
export interface ListRow extends PeerJson {
  readonly last_death?: Pick<Death, "id" | "ts" | "ev" | "verdict">;
}

export interface PeerList {
  /** In registry order; `list --json` is these. */
  readonly rows: readonly ListRow[];
  /** The names of the peers whose removal has begun. */
  readonly leaving: ReadonlySet<string>;
}

/**
 * Every peer with the status of each of its runtimes. A log of deaths that cannot be trusted is a warning.
 *
 * @throws IapeerError what readRegistry throws.
 */
export async function listPeers(app: App, { runtime }: ListRequest): Promise<PeerList> {
  const statuses = readStatuses(app.layout);
  const peers = readRegistry(app.layout).peers.filter((peer) => runtime === undefined || peer.runtimes.includes(runtime));
  for (const identity of peers.flatMap(identitiesOf).filter((one) => statuses.of(one) === "unknown"))
    for (const { message } of findMisplaced(app.layout, identity)) app.tell.warn(message);
  const deaths = await findLastDeaths(app, peers);
  return {
    rows: peers.map((peer) => ({ ...toPeerJson(peer, statuses), ...lastDeathOf(peer, deaths) })),
    leaving: new Set(peers.filter(({ isBeingRemoved }) => isBeingRemoved).map(({ personality }) => personality)),
  };
}

/** The last death of each identity. */
async function findLastDeaths({ layout, tell }: App, peers: readonly Peer[]): Promise<ReadonlyMap<string, Death>> {
  if (!existsSync(dirname(layout.exitsLog))) return new Map();
  try {
    const { readLastDeaths } = await import("../status/deaths/deaths.ts");
    return readLastDeaths(layout, peers.flatMap(identitiesOf));
  } catch (error) {
    tell.warn((error as Error).message);
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
