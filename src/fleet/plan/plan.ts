import type { Agent, Fleet, AppliedFleet } from "../../model/agent.ts";

/** What is to be done for one agent. */
export type Op = "add" | "update" | "unchanged" | "remove";

/** What of an agent is not yet as it is declared: a key of the fleet file, or that its memory is not attached. */
export type Change =
  | "membership"
  | "class"
  | "runtime"
  | "model_hint"
  | "working_directory"
  | "persistent_persona"
  | "host"
  | "socket_name"
  | "memory";

/** A peer as the registry has it. */
export interface FoundPeer {
  readonly personality: string;
  readonly defaultRuntime: string;
  readonly runtimes: readonly string[];
  readonly cwd: string;
  readonly isBeingRemoved: boolean;
}

export interface PlannedRow {
  readonly peer: string;
  readonly op: Op;
  readonly changes: readonly Change[];
  /** As it is declared; undefined for one that goes. */
  readonly agent?: Agent;
  /** As it was applied last. */
  readonly before?: Agent;
  /** As it is registered. */
  readonly found?: FoundPeer;
  /** Whether it leaves the folder that it has for another one. */
  readonly isMove: boolean;
  /** The peers whose rows must be done before this one. */
  readonly waitsOn: readonly string[];
}

export interface Plan {
  /** In the order of the file; then those that go. */
  readonly rows: readonly PlannedRow[];
  /** Who is declared no more, and stays. */
  readonly left: readonly Agent[];
}

/** All that a plan is made from. */
export interface PlanFacts {
  readonly fleet: Pick<Fleet, "agents" | "socketName">;
  readonly applied: AppliedFleet | undefined;
  readonly peers: ReadonlyMap<string, FoundPeer>;
  /** Whether an agent that is declared no more is to go. */
  readonly isPruned: (name: string) => boolean;
  /** Whether an agent's runtime lacks a memory that it should have. */
  readonly lacksMemory: (name: string, runtime: string) => boolean;
  /** The folder of an agent for whom none is declared. */
  readonly defaultFolder: (name: string) => string;
  readonly isSameFolder: (one: string, other: string) => boolean;
}

/** What makes the host match a fleet file. Two of the same facts make the same plan; where nothing differs, every row is `unchanged`. */
export function planApply(facts: PlanFacts): Plan {
  const { fleet, applied } = facts;
  const before = new Map(applied?.agents.map((agent) => [agent.name, agent]));
  const declared = new Set(fleet.agents.map(({ name }) => name));
  const undeclared = [...(applied?.agents ?? []), ...(applied?.left ?? [])].filter(({ name }) => !declared.has(name));
  const kept = fleet.agents.map((agent) => planAgent(agent, before.get(agent.name), facts));
  const gone = undeclared.filter(({ name }) => facts.isPruned(name)).map((agent) => planRemoval(agent, facts));
  // Of one that somebody removed by hand, or that was only noted of another host, nothing is left.
  const left = undeclared.filter(({ name, remote }) => !facts.isPruned(name) && remote === undefined && facts.peers.has(name));
  return { rows: withOrder([...kept, ...gone], facts), left };
}

type Unordered = Omit<PlannedRow, "waitsOn">;

function planAgent(agent: Agent, before: Agent | undefined, facts: PlanFacts): Unordered {
  const found = facts.peers.get(agent.name);
  const isNew = agent.remote === undefined ? found === undefined || found.isBeingRemoved : before === undefined;
  const common = { peer: agent.name, agent, ...(before !== undefined && { before }), ...(found !== undefined && { found }) };
  if (isNew) return { ...common, op: "add", changes: [], isMove: false };
  const isMove =
    agent.remote === undefined && agent.workingDirectory !== undefined && !facts.isSameFolder(agent.workingDirectory, found!.cwd);
  const changes = [
    ...changesOfRecord(agent, before, facts),
    ...(agent.remote === undefined ? changesOfPeer(agent, found!, { before, isMove, facts }) : []),
  ];
  return { ...common, op: changes.length === 0 ? "unchanged" : "update", changes: [...new Set(changes)], isMove };
}

/** What differs from what was applied last. */
function changesOfRecord(agent: Agent, before: Agent | undefined, { fleet, applied }: PlanFacts): Change[] {
  if (before === undefined) return ["membership"];
  const differing: readonly [Change, boolean][] = [
    ["class", agent.class !== before.class],
    ["runtime", agent.runtime !== before.runtime],
    ["model_hint", agent.modelHint !== before.modelHint],
    ["working_directory", agent.workingDirectory !== before.workingDirectory],
    ["persistent_persona", agent.isPersistent !== before.isPersistent],
    ["host", JSON.stringify(agent.remote) !== JSON.stringify(before.remote)],
    ["socket_name", agent.remote === undefined && fleet.socketName !== applied?.socketName],
  ];
  return differing.filter(([, differs]) => differs).map(([change]) => change);
}

interface Registered {
  readonly before: Agent | undefined;
  readonly isMove: boolean;
  readonly facts: PlanFacts;
}

/** What differs from what is registered. A folder that is not declared is the one that the peer has. */
function changesOfPeer(agent: Agent, found: FoundPeer, { before, isMove, facts }: Registered): Change[] {
  const differing: readonly [Change, boolean][] = [
    ["working_directory", isMove],
    ["runtime", found.defaultRuntime !== agent.runtime || runtimeThatGoes({ agent, before, found }) !== undefined],
    ["memory", facts.lacksMemory(agent.name, agent.runtime)],
  ];
  return differing.filter(([, differs]) => differs).map(([change]) => change);
}

/** Who an agent is now, and was. */
export interface Departure {
  readonly agent?: Agent | undefined;
  readonly before?: Agent | undefined;
  readonly found?: FoundPeer | undefined;
}

/** The runtime that an agent had by its earlier declaration, and is to lose; one that somebody else gave it stays. */
export function runtimeThatGoes({ agent, before, found }: Departure): string | undefined {
  if (agent === undefined || before === undefined || before.remote !== undefined || before.runtime === agent.runtime)
    return undefined;
  return found?.runtimes.includes(before.runtime) ? before.runtime : undefined;
}

function planRemoval(before: Agent, { peers }: PlanFacts): Unordered {
  const found = before.remote === undefined ? peers.get(before.name) : undefined;
  return { peer: before.name, op: "remove", changes: [], isMove: false, before, ...(found !== undefined && { found }) };
}

/**
 * Who waits for whom: a folder is taken when its peer has left it; and the last orchestrator or enhancer goes when those that come after
 * it are there, unless they wait for its folder.
 */
function withOrder(rows: readonly Unordered[], facts: PlanFacts): PlannedRow[] {
  const leaving = rows.filter(({ op, isMove, found }) => found !== undefined && (op === "remove" || isMove));
  const takes = ({ agent, op, isMove }: Unordered) =>
    agent !== undefined && agent.remote === undefined && (op === "add" || isMove)
      ? (agent.workingDirectory ?? facts.defaultFolder(agent.name))
      : undefined;
  const folderWaits = new Map(
    rows.map((row) => {
      const folder = takes(row);
      const owners =
        folder === undefined ? [] : leaving.filter((one) => one.peer !== row.peer && facts.isSameFolder(one.found!.cwd, folder));
      return [row.peer, owners.map(({ peer }) => peer)];
    }),
  );
  return rows.map((row) => {
    const successors =
      row.op === "remove" && FLOOR.has(row.before?.class ?? "")
        ? rows.filter((one) => one.op !== "unchanged" && one.agent?.class === row.before?.class)
        : [];
    const free = successors.filter((one) => !folderWaits.get(one.peer)!.includes(row.peer));
    return { ...row, waitsOn: [...folderWaits.get(row.peer)!, ...free.map(({ peer }) => peer)] };
  });
}

const FLOOR: ReadonlySet<string> = new Set(["orchestrator", "enhancer"]);

/** Rows in rounds, each of which only waits for rounds before it; and the rows that wait for each other and can never be done. */
export function inRounds(rows: readonly PlannedRow[]): {
  readonly rounds: readonly (readonly PlannedRow[])[];
  readonly stuck: readonly PlannedRow[];
} {
  const rounds: PlannedRow[][] = [];
  const placed = new Set<string>();
  let left = [...rows];
  for (;;) {
    const ready = left.filter(({ waitsOn }) => waitsOn.every((peer) => placed.has(peer)));
    if (ready.length === 0) return { rounds, stuck: left };
    rounds.push(ready);
    ready.forEach(({ peer }) => placed.add(peer));
    left = left.filter((row) => !placed.has(row.peer));
  }
}
