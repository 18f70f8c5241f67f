import type { Agent } from "../../model/agent.ts";
import type { Change, FoundPeer, PlanFacts, PlannedRow } from "./types.ts";

/** A row before it is known what it waits for. */
export type Unordered = Omit<PlannedRow, "waitsOn">;

/** Plans a row for each agent that is declared or goes; and finds the agents that are no longer declared and stay. */
export function planRows(facts: PlanFacts): { readonly rows: readonly Unordered[]; readonly left: readonly Agent[] } {
  const { fleet, applied } = facts;
  const before = new Map(applied?.agents.map((agent) => [agent.name, agent]));
  const declared = new Set(fleet.agents.map(({ name }) => name));
  const undeclared = [...(applied?.agents ?? []), ...(applied?.left ?? [])].filter(({ name }) => !declared.has(name));
  const kept = fleet.agents.map((agent) => planAgent(agent, before.get(agent.name), facts));
  const gone = undeclared.filter(({ name }) => facts.isPruned(name)).map((agent) => planRemoval(agent, facts));
  // Nothing is left of an agent that a person removed by hand, or that is only recorded as one of another host.
  const left = undeclared.filter(
    ({ name, remote }) => !facts.isPruned(name) && remote === undefined && facts.findPeer(name) !== undefined,
  );
  return { rows: [...kept, ...gone], left };
}

function planAgent(agent: Agent, before: Agent | undefined, facts: PlanFacts): Unordered {
  const found = facts.findPeer(agent.name);
  const leaving = before && found && findLeaving(agent, before, found);
  const isNew = agent.remote === undefined ? found === undefined || found.isBeingRemoved : before === undefined;
  const common = {
    peer: agent.name,
    agent,
    ...(before !== undefined && { before }),
    ...(found !== undefined && { found }),
    ...(leaving !== undefined && { leaving }),
  };
  if (isNew) return { ...common, op: "add", changes: [], isMove: false };
  const isMove =
    agent.remote === undefined &&
    agent.workingDirectory !== undefined &&
    facts.folderKey(agent.workingDirectory) !== facts.folderKey(found!.cwd);
  const changes = [
    ...changesOfRecord(agent, before, facts),
    ...(agent.remote === undefined ? changesOfPeer(agent, found!, { leaving, isMove, facts }) : []),
  ];
  return { ...common, op: changes.length === 0 ? "unchanged" : "update", changes: [...new Set(changes)], isMove };
}

/** The runtime that only the earlier declaration gave an agent. A runtime that a person gave it stays. */
function findLeaving(agent: Agent, before: Agent, { runtimes }: FoundPeer): string | undefined {
  if (before.remote !== undefined || before.runtime === agent.runtime) return undefined;
  return runtimes.includes(before.runtime) ? before.runtime : undefined;
}

/** The differences from the applied fleet. */
function changesOfRecord(agent: Agent, before: Agent | undefined, { fleet, applied }: PlanFacts): Change[] {
  if (before === undefined) return ["membership"];
  return differing([
    ["class", agent.class !== before.class],
    ["runtime", agent.runtime !== before.runtime],
    ["model_hint", agent.modelHint !== before.modelHint],
    ["working_directory", agent.workingDirectory !== before.workingDirectory],
    ["shared_folder", agent.sharesFolder !== before.sharesFolder],
    ["persistent_persona", agent.isPersistent !== before.isPersistent],
    ["host", JSON.stringify(agent.remote) !== JSON.stringify(before.remote)],
    ["socket_name", agent.remote === undefined && fleet.socketName !== applied?.socketName],
  ]);
}

interface Registered {
  readonly leaving: string | undefined;
  readonly isMove: boolean;
  readonly facts: PlanFacts;
}

/** The differences from the registry. An agent for which no folder is declared has the folder of its peer. */
function changesOfPeer(agent: Agent, found: FoundPeer, { leaving, isMove, facts }: Registered): Change[] {
  return differing([
    ["working_directory", isMove],
    ["runtime", found.defaultRuntime !== agent.runtime || leaving !== undefined],
    ["memory", facts.lacksMemory(agent.name, agent.runtime)],
  ]);
}

function differing(changes: readonly (readonly [Change, boolean])[]): Change[] {
  return changes.filter(([, differs]) => differs).map(([change]) => change);
}

function planRemoval(before: Agent, { findPeer }: PlanFacts): Unordered {
  const found = before.remote === undefined ? findPeer(before.name) : undefined;
  return { peer: before.name, op: "remove", changes: [], isMove: false, before, ...(found !== undefined && { found }) };
}
