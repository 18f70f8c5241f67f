import type { Layout } from "../../core/layout.ts";
import type { ProcessId, ProcessInfo } from "../../core/process/process-table.ts";
import { withDescendants } from "../../core/process/process-tree.ts";
import type { Incarnation } from "../../status/incarnation/types.ts";
import { incarnationPaths, isOfHere, listIncarnations, readIncarnation } from "../../status/incarnation/incarnation.ts";
import { readCanaryRecord } from "../recorder/recorder.ts";

/**
 * The processes in the agent's pane: those of the pane's session, and all that descend from them. A daemon that left both does not count.
 * Another identity's server or recorder does not count either, even below an agent that adopts orphans (prctl(2), PR_SET_CHILD_SUBREAPER).
 */
export function findAgentProcesses(
  { identity, pane, server }: Pick<Incarnation, "identity" | "pane" | "server">,
  table: readonly ProcessInfo[],
  layout: Layout,
): ProcessInfo[] {
  if (pane === null || !table.some((one) => isSame(one, pane))) return [];
  // A shared server is above this pane, and not below it.
  const others = findOthers(identity, layout).filter((other) => server === null || !isSame(other, server));
  const foreign = new Set(
    withDescendants(
      table.filter((one) => others.some((other) => isSame(one, other))),
      table,
    ),
  );
  return withDescendants(
    table.filter(({ pid, sid }) => pid === pane.pid || sid === pane.pid),
    table,
  ).filter((one) => !foreign.has(one));
}

/** The servers and recorders of all other identities. */
function findOthers(identity: string, layout: Layout): ProcessId[] {
  const others = [...listIncarnations(layout)]
    .filter(([name]) => name !== identity)
    .flatMap(([name, uuids]) => uuids.map((uuid) => ({ name, uuid })));
  return others.flatMap(({ name, uuid }) => {
    const saved = readIncarnation(layout, name, uuid);
    // Numbers of another place mean other processes here.
    if (saved !== undefined && !isOfHere(saved)) return [];
    const recorder = readCanaryRecord(incarnationPaths(layout, name, uuid))?.recorder;
    return [saved?.server, recorder].filter((one) => one !== undefined && one !== null);
  });
}

function isSame(one: ProcessId, other: ProcessId): boolean {
  return one.pid === other.pid && one.start === other.start;
}
