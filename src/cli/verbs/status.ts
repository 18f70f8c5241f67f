import { identityOf, isAgentic } from "../../core/names.ts";
import type { Layout } from "../../core/paths.ts";
import { judgeMemory, type MemoryState, readNote } from "../../provision/provision-state.ts";
import { type Peer, peersOf } from "../../registry/schema.ts";
import { readRegistry } from "../../registry/store.ts";
import { heartbeatAgeSecs } from "../../status/heartbeat.ts";
import { type PeerStatus, readStatuses } from "../../status/peer-status.ts";
import { countRecentDeaths } from "../../status/recent-deaths.ts";
import type { Slot } from "../../status/slot-schema.ts";
import { readSlot, type SlotReading } from "../../status/slot.ts";
import type { Context } from "../context.ts";
import type { Colors } from "../colors.ts";
import { tame } from "../table.ts";
import { defineVerb } from "../verb.ts";
import { VERSION } from "../version.ts";

/** Something a person should look at; it makes the exit status 1. */
interface Attention {
  readonly message: string;
  readonly hint?: string;
}

/** The heartbeat's age is null while there is no such file. */
interface SlotJson extends Pick<Slot, "provider" | "package" | "version"> {
  readonly heartbeat?: { readonly path: string; readonly age_secs: number | null };
}

interface StatusJson {
  readonly ok: boolean;
  readonly version: string;
  readonly root: string;
  readonly revision: number;
  readonly slot: SlotJson | null;
  readonly slot_problems: readonly { readonly code: string; readonly message: string; readonly severity: string }[];
  readonly peers: Readonly<Record<"total" | PeerStatus, number>>;
  readonly memory: Readonly<Record<MemoryState, number>>;
  readonly servers_without_canary: readonly string[];
  readonly deaths_last_day: number;
  readonly attention: readonly Attention[];
}

export const status = defineVerb({
  name: "status",
  summary: "show how this host is: the slot, the peers, what needs you",
  description: "Exit 1 where something needs a person.",
  options: {},
  positionals: [],
  examples: [
    { command: "iapeer status", note: "one look" },
    { command: "iapeer status --json", note: "for a monitor" },
  ],
  run: async (_call, context) => {
    const json = await readReport(context);
    context.output.result(json, () => renderReport(json, context.output.colors));
    return json.ok ? 0 : 1;
  },
});

async function readReport({ layout, now }: Context): Promise<StatusJson> {
  const registry = readRegistry(layout);
  const peers = peersOf(registry);
  const reading = readSlot(layout);
  const memory = findMemory(layout, peers, reading.slot);
  const identities = findStatuses(layout, peers);
  const deaths = countRecentDeaths(layout.exitsLog, now());
  const unknown = identities.filter(({ status: found }) => found === "unknown").map(({ identity }) => identity);
  const attention = findAttention({ reading, peers, memory, unknown, deaths });
  return {
    ok: attention.length === 0,
    version: VERSION,
    root: layout.root,
    revision: registry.revision,
    slot: reading.slot === undefined ? null : describeSlot(reading.slot, now()),
    slot_problems: reading.problems.map(({ code, message, severity }) => ({ code, message, severity })),
    peers: countPeers(peers, identities),
    memory: count(["attached", "drifted", "failed", "none"], memory.map(({ state }) => state)),
    servers_without_canary: identities.filter(({ status: found }) => found === "live").map(({ identity }) => identity),
    deaths_last_day: deaths,
    attention,
  };
}

function describeSlot({ provider, package: packageName, version, heartbeat }: Slot, now: Date): SlotJson {
  const beat = heartbeat === undefined ? {} : { heartbeat: { path: heartbeat, age_secs: heartbeatAgeSecs(heartbeat, now) ?? null } };
  return { provider, package: packageName, version, ...beat };
}

interface MemoryFound {
  readonly identity: string;
  readonly personality: string;
  readonly state: MemoryState;
}

function findMemory(layout: Layout, peers: readonly Peer[], slot: Slot | undefined): MemoryFound[] {
  return peers.flatMap(({ personality, runtimes }) =>
    runtimes.filter(isAgentic).map((runtime) => ({
      identity: identityOf(runtime, personality),
      personality,
      state: judgeMemory(readNote(layout, runtime, personality), slot),
    })),
  );
}

interface StatusFound {
  readonly identity: string;
  readonly personality: string;
  readonly status: PeerStatus;
}

function findStatuses(layout: Layout, peers: readonly Peer[]): StatusFound[] {
  const statuses = readStatuses(layout);
  return peers.flatMap(({ personality, runtimes }) =>
    runtimes.map((runtime) => ({
      identity: identityOf(runtime, personality),
      personality,
      status: statuses.statusOf(runtime, personality),
    })),
  );
}

/** A peer is what its liveliest runtime is. */
function countPeers(peers: readonly Peer[], identities: readonly StatusFound[]): StatusJson["peers"] {
  const byPeer = Map.groupBy(identities, ({ personality }) => personality);
  const ranks: PeerStatus[] = ["live", "unknown", "asleep", "stopped"];
  const states = [...byPeer.values()].map((own) => ranks.find((rank) => own.some(({ status: found }) => found === rank)) ?? "asleep");
  return { total: peers.length, ...count(ranks, states) };
}

function count<K extends string>(keys: readonly K[], values: readonly K[]): Record<K, number> {
  return Object.fromEntries(keys.map((key) => [key, values.filter((value) => value === key).length])) as Record<K, number>;
}

interface Findings {
  readonly reading: SlotReading;
  readonly peers: readonly Peer[];
  readonly memory: readonly MemoryFound[];
  readonly unknown: readonly string[];
  readonly deaths: number;
}

function findAttention({ reading, peers, memory, unknown, deaths }: Findings): Attention[] {
  const leaving = peers.filter(({ isBeingRemoved }) => isBeingRemoved);
  const leavingNames = new Set(leaving.map(({ personality }) => personality));
  const failed = memory.filter(({ state, personality }) => state === "failed" && !leavingNames.has(personality));
  const drifted = memory.filter(({ state }) => state === "drifted");
  return [
    ...reading.problems
      .filter(({ severity }) => severity === "error")
      .map(({ message }) => need(`memory slot: ${message}`, "iapeer provider check")),
    ...leaving.map(({ personality }) => need(`${personality} is half removed`, `iapeer remove ${personality}`)),
    ...failed.map(({ identity, personality }) =>
      need(`${identity}: its last provider run failed`, `iapeer memory-plugin on --peer ${personality}`),
    ),
    ...(drifted.length === 0 ? [] : [need(describeDrift(drifted.length), "iapeer memory-plugin on --all")]),
    ...unknown.map((identity) => need(`${identity}: whether it is live cannot be told`)),
    ...(deaths === 0 ? [] : [need(`unclaimed ends in the last 24 hours: ${deaths}`)]),
  ];
}

function need(message: string, hint?: string): Attention {
  return { message, ...(hint !== undefined && { hint }) };
}

function describeDrift(identities: number): string {
  return `memory of another provider or version than the slot's: ${identities} of the identities`;
}

function renderReport(json: StatusJson, colors: Colors): string {
  const line = (label: string, value: string) => `${colors.dim(label.padEnd(9))}${value}`;
  const { total, ...byStatus } = json.peers;
  const unwatched = json.servers_without_canary;
  return [
    line("iapeer:", json.version),
    line("root:", tame(json.root)),
    line("slot:", renderSlot(json.slot, colors)),
    ...json.slot_problems.map((problem) => line("", renderProblem(problem, colors))),
    line("peers:", total === 0 ? "none" : `${total} (${renderCounts(byStatus)})`),
    line("memory:", renderCounts(json.memory) || "none"),
    ...(unwatched.length === 0 ? [] : [line("servers:", `${unwatched.length} without a canary: ${unwatched.join(", ")}`)]),
    line("deaths:", `${json.deaths_last_day} in the last 24 hours`),
    ...json.attention.map(({ message, hint }) => `${colors.yellow("!")} ${tame(message)}${hint === undefined ? "" : `; see: ${hint}`}`),
  ].join("\n");
}

/** "2 live, 1 asleep" */
function renderCounts(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts).filter(([, n]) => n > 0).map(([key, n]) => `${n} ${key}`).join(", ");
}

function renderProblem({ message, severity }: StatusJson["slot_problems"][number], colors: Colors): string {
  return `${severity === "error" ? colors.red("error") : colors.yellow("warning")} ${tame(message)}`;
}

function renderSlot(slot: SlotJson | null, colors: Colors): string {
  if (slot === null) return colors.dim("EMPTY");
  const age = slot.heartbeat?.age_secs;
  const beat = age === null ? ", no heartbeat yet" : `, heartbeat ${age} s ago`;
  return `${tame(`${slot.provider} ${slot.version}`)}${age === undefined ? "" : beat}`;
}
