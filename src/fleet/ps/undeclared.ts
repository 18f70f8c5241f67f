import { identityOf, isPersonality } from "../../model/names.ts";
import type { Remote, Agent } from "../../model/agent.ts";
import { drift, sortDrift } from "./drift.ts";
import type { FleetFacts } from "./facts.ts";
import type { Drift } from "./types.ts";

/** The agent of a row. An agent that no fleet knows has no class; where only a unit is left, there is no runtime either. */
export interface RowAgent {
  readonly name: string;
  readonly class: string | null;
  readonly runtime: string | null;
  readonly remote?: Remote;
}

/** An agent, a session or a unit that exists and is not in the file. */
interface Undeclared {
  readonly agent: RowAgent;
  readonly applied: boolean;
  readonly registered: boolean;
  readonly drift: readonly Drift[];
}

/** Finds applied agents that are no longer declared, sessions that no fleet declares, and units without an agent; in this order. */
export function findUndeclared(facts: FleetFacts): Undeclared[] {
  const members = findMembers(facts);
  const running = findRunning(facts);
  const known = new Set([...members, ...running].map(({ agent }) => agent.name));
  const declared = new Set(facts.fleet.agents.map(({ name }) => name));
  const orphans = facts.units.enabled.filter((name) => isPersonality(name) && !known.has(name) && !declared.has(name));
  return withUnits(
    [...members, ...running, ...orphans.map((name) => orphan(name, facts))],
    new Set(facts.units.enabled.filter((name) => !declared.has(name))),
  );
}

/** Adds the drift of units: once, in the first row of its agent. */
function withUnits(rows: readonly Undeclared[], gone: ReadonlySet<string>): Undeclared[] {
  const told = new Set<string>();
  return rows.map((row) => {
    const { name } = row.agent;
    if (!gone.has(name) || told.has(name)) return row;
    told.add(name);
    return {
      ...row,
      drift: sortDrift([...row.drift, drift("unit-without-agent", "its unit would start it at boot, and it is not declared")]),
    };
  });
}

function findMembers({ fleet, applied, peers }: FleetFacts): Undeclared[] {
  const declared = new Map(fleet.agents.map((agent) => [agent.name, agent]));
  const registered = new Set(peers.map(({ personality }) => personality));
  // An agent that is now declared on another host, and still has its peer here.
  const isLeft = (agent: Agent) =>
    agent.remote === undefined && declared.get(agent.name)?.remote !== undefined && registered.has(agent.name);
  const toRow = (agent: Agent, isMember: boolean) => ({
    agent,
    applied: isMember,
    registered: agent.remote === undefined && registered.has(agent.name),
    drift: [drift("undeclared", "it was applied, and is no longer declared: iapeer fleet apply --prune")],
  });
  const all = [
    ...(applied?.agents ?? []).map((agent) => toRow(agent, true)),
    ...(applied?.left ?? []).map((agent) => toRow(agent, false)),
  ];
  return all.filter(({ agent }) => !declared.has(agent.name) || isLeft(agent));
}

/** Finds live sessions of registered peers that neither the file nor the applied fleet has on this host. */
function findRunning({ fleet, applied, peers, sessions }: FleetFacts): Undeclared[] {
  const isHere = ({ remote }: Pick<Agent, "remote">) => remote === undefined;
  const declared = new Set(fleet.agents.filter(isHere).map(({ name }) => name));
  const elsewhere = new Set(fleet.agents.filter((agent) => !isHere(agent)).map(({ name }) => name));
  const members = new Set(
    [...(applied?.agents ?? []), ...(applied?.left ?? [])].filter(isHere).map(({ name, runtime }) => identityOf(runtime, name)),
  );
  return peers
    .filter(({ personality }) => !declared.has(personality))
    .flatMap(({ personality, runtimes }) => runtimes.map((runtime) => ({ name: personality, runtime })))
    .filter(
      ({ name, runtime }) =>
        !members.has(identityOf(runtime, name)) && sessions.get(identityOf(runtime, name))?.status === "live",
    )
    .map(({ name, runtime }) => {
      const message = elsewhere.has(name)
        ? "it runs here, and the file has it on another host"
        : "it runs, and no fleet declares it";
      return {
        agent: { name, runtime, class: null },
        applied: false,
        registered: true,
        drift: [drift("running-undeclared", message)],
      };
    });
}

function orphan(name: string, { peers }: FleetFacts): Undeclared {
  const peer = peers.find(({ personality }) => personality === name);
  return {
    agent: { name, class: null, runtime: peer?.defaultRuntime ?? null },
    applied: false,
    registered: peer !== undefined,
    drift: [],
  };
}
