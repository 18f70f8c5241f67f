import type { Death, Verdict } from "./death-record.ts";

/** Servers that died within this of the one before died together. */
const TOGETHER_MS = 30_000;

/**
 * The same deaths, in their order, those of an incident with its `incident`: servers of different identities of which each died
 * within 30 s of the one before. The second end of one identity begins another group: a server that is started again and dies
 * again is no part of what took the others.
 */
export function groupIncidents(deaths: readonly Death[]): Death[] {
  const incidents = new Map<Death, string>();
  for (const group of chainServers(deaths)) {
    if (group.length > 1) group.forEach((death) => incidents.set(death, group[0]!.id));
  }
  return deaths.map((death) => {
    const { incident: _, ...rest } = death;
    const incident = incidents.get(death);
    return incident === undefined ? rest : { ...rest, incident };
  });
}

function chainServers(deaths: readonly Death[]): Death[][] {
  const timed = deaths.filter(({ ev }) => ev === "server-exit").map((death) => ({ death, ms: Date.parse(death.ts) }));
  timed.sort((a, b) => a.ms - b.ms || (a.death.id < b.death.id ? -1 : 1));
  const groups: Death[][] = [];
  let lastMs = -Infinity;
  let seen = new Set<string>();
  for (const { death, ms } of timed) {
    if (ms - lastMs > TOGETHER_MS || seen.has(death.identity)) {
      groups.push([]);
      seen = new Set();
    }
    groups.at(-1)!.push(death);
    seen.add(death.identity);
    lastMs = ms;
  }
  return groups;
}

export interface Incident {
  readonly count: number;
  /** When the first and the last of them died. */
  readonly from: string;
  readonly to: string;
  /** What more than half of them share, else `unknown`. */
  readonly verdict: Verdict;
  /** Words for a person, with "likely" in them where it is a conclusion. */
  readonly reason: string;
}

const REASONS = {
  "host-restart": "likely host-restart: this host was started again",
  "oom-kill": "likely oom-kill: memory ran out",
  "orderly-exit": "likely an orderly end of all: kill-server, a logout or a shutdown, SIGTERM",
  crashed: "likely one crash: the same tmux, or a library of it",
  killed: "likely killed by one sweep",
  unknown: "what they have in common is not known",
} as const satisfies Record<Verdict, string>;

/** What the deaths of one incident have in common; at least one of them. */
export function describeIncident(deaths: readonly Death[]): Incident {
  const times = deaths.map(({ ts }) => ts).toSorted((a, b) => Date.parse(a) - Date.parse(b));
  const verdict = mostOf(deaths.map((death) => death.verdict)) ?? "unknown";
  const isKillSweep = verdict === "killed" && mostOf(deaths.map(({ signal }) => signal)) === "KILL";
  const reason = isKillSweep ? "likely killed by a sweep such as pkill -KILL" : REASONS[verdict];
  return { count: deaths.length, from: times[0]!, to: times.at(-1)!, verdict, reason };
}

/** What more than half of the values are. */
function mostOf<T>(values: readonly T[]): T | undefined {
  return values.find((value) => values.filter((other) => other === value).length * 2 > values.length);
}
