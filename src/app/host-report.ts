import { IapeerError } from "../model/errors.ts";
import { identityOf } from "../model/names.ts";
import type { Layout } from "../core/layout.ts";
import { whyNotSocketFolder } from "../core/disk/socket-folder.ts";
import { findUnrecorded } from "../launch/unwitnessed.ts";
import { hintForUnwatched } from "../launch/canary/canary.ts";
import { readMemory } from "../provision/memory-state.ts";
import type { MemoryState } from "../provision/types.ts";
import { readRegistry } from "../registry/registry.ts";
import type { Peer } from "../registry/types.ts";
import { readDeaths } from "../status/deaths/deaths.ts";
import { findMisplaced } from "../status/state-places.ts";
import { readStatuses } from "../status/liveness/liveness.ts";
import type { PeerStatus } from "../status/liveness/types.ts";
import { heartbeatAgeSecs, readSlot } from "../status/slot/slot.ts";
import type { Slot, SlotReading } from "../status/slot/types.ts";
import { type Attention, findPlaceTroubles, toAttention } from "./host-places.ts";
import { type CanaryRow, readCanaries } from "./canaries.ts";
import type { App } from "./types.ts";
import { VERSION } from "../model/version.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** The slot as the report has it. The heartbeat's age is null while its file is missing. */
export interface SlotJson extends Pick<Slot, "provider" | "package" | "version"> {
  readonly heartbeat?: { readonly path: string; readonly age_secs: number | null };
}

/** The state of this host, as `status --json` prints it. */
export interface HostReport {
  readonly ok: boolean;
  readonly version: string;
  readonly root: string;
  readonly revision: number;
  readonly slot: SlotJson | null;
  readonly slot_problems: readonly { readonly code: string; readonly message: string; readonly severity: string }[];
  readonly peers: Readonly<Record<"total" | PeerStatus, number>>;
  readonly memory: Readonly<Record<MemoryState, number>>;
  /** The identities of live servers whose end would not be recorded. */
  readonly servers_without_canary: readonly string[];
  /** null: the logs cannot be trusted, and `attention` says why. */
  readonly deaths_last_day: number | null;
  readonly attention: readonly Attention[];
}

/**
 * Gathers the state of this host. It starts nothing and changes nothing.
 *
 * @throws IapeerError what readRegistry throws.
 */
export async function readHostReport({ layout, now }: App): Promise<HostReport> {
  const registry = readRegistry(layout);
  const { peers } = registry;
  const reading = readSlot(layout);
  const memory = findMemory(layout, peers, reading.slot);
  const identities = findStatuses(layout, peers);
  const unwatched = readCanaries(
    layout,
    identities.map(({ identity }) => identity),
  ).filter(({ armed, server_pid: pid }) => pid !== null && !armed);
  const places = findPlaceTroubles(layout);
  const deaths = countDeaths(layout, now().getTime() - DAY_MS);
  const unknown = identities.filter(({ status: found }) => found === "unknown");
  const attention = findAttention({
    layout,
    reading,
    peers,
    memory,
    unknown,
    unwatched,
    deaths: deaths ?? 0,
    places,
    differences: registry.compareCards().length,
  });
  return {
    ok: attention.length === 0,
    version: VERSION,
    root: layout.root,
    revision: registry.revision,
    slot: reading.slot === undefined ? null : describeSlot(reading.slot, now()),
    slot_problems: reading.problems.map(({ code, message, severity }) => ({ code, message, severity })),
    peers: countPeers(peers, identities),
    memory: count(
      ["attached", "drifted", "failed", "none"],
      memory.map(({ state }) => state),
    ),
    servers_without_canary: unwatched.map(({ identity }) => identity),
    deaths_last_day: deaths ?? null,
    attention,
  };
}

/** The number of deaths since a time; undefined where the logs do not tell, which findPlaceTroubles explains. */
function countDeaths(layout: Layout, sinceMs: number): number | undefined {
  try {
    return readDeaths(layout, { sinceMs }).length;
  } catch (error) {
    if (error instanceof IapeerError) return undefined;
    throw error;
  }
}

function describeSlot({ provider, package: packageName, version, heartbeat }: Slot, now: Date): SlotJson {
  const beat =
    heartbeat === undefined ? {} : { heartbeat: { path: heartbeat, age_secs: heartbeatAgeSecs(heartbeat, now) ?? null } };
  return { provider, package: packageName, version, ...beat };
}

interface MemoryFound {
  readonly identity: string;
  readonly personality: string;
  readonly state: MemoryState;
}

function findMemory(layout: Layout, peers: readonly Peer[], slot: Slot | undefined): MemoryFound[] {
  return peers.flatMap(({ personality, runtimes }) =>
    readMemory(layout, { personality, runtimes }, slot).map(({ runtime, memory }) => ({
      identity: identityOf(runtime, personality),
      personality,
      state: memory,
    })),
  );
}

interface StatusFound {
  readonly identity: string;
  readonly personality: string;
  readonly status: PeerStatus;
  readonly reason: string | undefined;
}

function findStatuses(layout: Layout, peers: readonly Peer[]): StatusFound[] {
  const statuses = readStatuses(layout);
  return peers.flatMap(({ personality, runtimes }) =>
    runtimes.map((runtime) => {
      const identity = identityOf(runtime, personality);
      return { identity, personality, status: statuses.of(identity), reason: statuses.whyUnknown(identity) };
    }),
  );
}

/** A peer has the status of its liveliest runtime. */
function countPeers(peers: readonly Peer[], identities: readonly StatusFound[]): HostReport["peers"] {
  const byPeer = Map.groupBy(identities, ({ personality }) => personality);
  const ranks: PeerStatus[] = ["live", "unknown", "asleep", "stopped"];
  const states = [...byPeer.values()].map(
    (own) => ranks.find((rank) => own.some(({ status: found }) => found === rank)) ?? "asleep",
  );
  return { total: peers.length, ...count(ranks, states) };
}

function count<K extends string>(keys: readonly K[], values: readonly K[]): Record<K, number> {
  return Object.fromEntries(keys.map((key) => [key, values.filter((value) => value === key).length])) as Record<K, number>;
}

interface Findings {
  readonly layout: Layout;
  readonly reading: SlotReading;
  readonly peers: readonly Peer[];
  readonly memory: readonly MemoryFound[];
  readonly unknown: readonly StatusFound[];
  readonly unwatched: readonly CanaryRow[];
  readonly deaths: number;
  readonly places: readonly Attention[];
  /** The number of differences between the registry and the peers' own cards. */
  readonly differences: number;
}

function findAttention({
  layout,
  reading,
  peers,
  memory,
  unknown,
  unwatched,
  deaths,
  places,
  differences,
}: Findings): Attention[] {
  const leaving = peers.filter(({ isBeingRemoved }) => isBeingRemoved);
  const leavingNames = new Set(leaving.map(({ personality }) => personality));
  const failed = memory.filter(({ state, personality }) => state === "failed" && !leavingNames.has(personality));
  const drifted = memory.filter(({ state }) => state === "drifted");
  return [
    ...places,
    ...reading.problems
      .filter(({ severity }) => severity === "error")
      .map(({ message }) => need(`memory slot: ${message}`, "iapeer provider check")),
    ...leaving.map(({ personality }) => need(`${personality} is half removed`, `iapeer remove ${personality}`)),
    ...failed.map(({ identity, personality }) =>
      need(`${identity}: its last provider run failed`, `iapeer memory-plugin on --peer ${personality}`),
    ),
    ...(drifted.length === 0 ? [] : [need(describeDrift(drifted.length), "iapeer memory-plugin on --all")]),
    ...(differences === 0
      ? []
      : [
          need(
            `the registry and the peers' cards differ: ${differences} ${differences === 1 ? "difference" : "differences"}`,
            "iapeer verify",
          ),
        ]),
    ...findUnknown(layout, unknown),
    ...unwatched.map((row) =>
      need(`${row.identity} is live without a canary: ${row.reason ?? "why is not known"}`, hintForUnwatched(row)),
    ),
    ...findUnrecorded(layout).map((identity) =>
      need(`a session of ${identity} ended, and nobody has recorded it yet`, "iapeer supervise --once"),
    ),
    ...(deaths === 0 ? [] : [need(`unclaimed ends in the last 24 hours: ${deaths}`, "iapeer deaths --since 24h")]),
  ];
}

/** A socket folder that cannot be trusted is one thing to mend, for all the peers that it hides. */
function findUnknown(layout: Layout, unknown: readonly StatusFound[]): Attention[] {
  const { socketFolder } = layout;
  const why = whyNotSocketFolder(socketFolder);
  if (why !== undefined)
    return [need(`the socket folder ${socketFolder} ${why}: nobody's session can be told or reached`, "iapeer doctor")];
  return unknown.flatMap(({ identity, reason }) => {
    const misplaced = findMisplaced(layout, identity);
    const because = reason === undefined ? "" : `: ${reason}`;
    return misplaced.length > 0
      ? misplaced.map(toAttention)
      : [need(`${identity}: whether it is live cannot be told${because}`, "iapeer doctor")];
  });
}

function need(message: string, hint?: string): Attention {
  return { message, ...(hint !== undefined && { hint }) };
}

function describeDrift(identities: number): string {
  return `memory of another provider or version than the slot's: ${identities} of the identities`;
}
