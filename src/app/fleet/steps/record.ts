import { existsSync } from "node:fs";
import { revisionOf, writeApplied } from "../../../fleet/applied.ts";
import type { AppliedFleet } from "../../../model/agent.ts";
import type { App } from "../../types.ts";
import type { FleetRecord, StepsRequest } from "./types.ts";

/** Opens the record of the applied fleet. The fleet's lock is held, so no other process writes it. */
export function openRecord({ layout, now }: Pick<App, "layout" | "now">, { plan, facts, view, file }: StepsRequest): FleetRecord {
  let applied = facts.applied;
  // All that one apply records is one revision. No revision of a record that was lost fits the next one by chance.
  const isLost = applied === undefined && existsSync(layout.appliedFleet);
  const revision = (isLost ? Math.floor(now().getTime() / 1000) : revisionOf(applied)) + 1;
  const write = (fleet: AppliedFleet) => {
    applied = writeApplied(layout, { ...fleet, revision }, applied);
  };
  return {
    applied: () => applied,
    // This apply may be killed: until it is recorded as a member, an added agent is one that --prune may take away.
    announce: (added) => {
      const { agents = [], left = [], ...more } = applied ?? {};
      const known = new Set([...agents, ...left].map(({ name }) => name));
      const fresh = added.flatMap(({ agent, peer }) => (agent === undefined || known.has(peer) ? [] : agent));
      if (fresh.length > 0) write({ file, ...more, agents, left: [...left, ...fresh] });
    },
    // A row that was not done is recorded as it was. An agent that is registered and no member may be pruned.
    record: (standing, failed) => {
      const failing = new Set(failed.map(({ peer }) => peer));
      const half = failed
        .filter(({ op, peer, before }) => op === "add" && before === undefined && view.registry().find(peer) !== undefined)
        .flatMap(({ agent }) => agent ?? []);
      const agents = plan.rows.flatMap(({ peer, agent, before }) =>
        agent === undefined ? [] : ((failing.has(peer) ? before : agent) ?? []),
      );
      const staying = failed.filter(({ op }) => op === "remove").flatMap(({ before }) => before ?? []);
      if (standing.length === 0 && half.length === 0 && facts.applied === undefined) return;
      const { socketName } = facts.fleet;
      const left = [...plan.left, ...staying, ...half];
      write({ file, ...(socketName !== undefined && { socketName }), agents, left });
    },
  };
}
