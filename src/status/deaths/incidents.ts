import type { Death } from "./types.ts";

/** Servers that died within this time of the one before died together. */
const TOGETHER_MS = 30_000;

/**
 * The same deaths in the same order, each with its `incident` if it has one. An incident is a group of servers of different identities.
 * Each died within 30 s of the one before. A second death of one identity begins another group: a server that was started
 * again did not die of what took the others.
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
