import type { Agent } from "../../../src/model/agent.ts";
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { IapeerError, rowOf } from "../../../src/model/errors.ts";
import { inRounds } from "../../../src/fleet/plan/order.ts";
import { planApply } from "../../../src/fleet/plan/plan.ts";
import type { FoundPeer, PlanFacts, PlannedRow } from "../../../src/fleet/plan/types.ts";

const agent = (name: string, more: Partial<Agent> = {}): Agent => ({
  name,
  class: "implementer",
  runtime: "claude",
  isPersistent: false,
  ...more,
});
const peer = (personality: string, more: Partial<FoundPeer> = {}): FoundPeer => ({
  personality,
  defaultRuntime: "claude",
  runtimes: ["claude"],
  cwd: `/peers/${personality}`,
  isBeingRemoved: false,
  ...more,
});

interface Host {
  readonly declared?: readonly Agent[];
  readonly applied?: readonly Agent[];
  readonly left?: readonly Agent[];
  readonly peers?: readonly FoundPeer[];
  readonly prune?: boolean;
  readonly unborn?: readonly string[];
  readonly socketName?: string;
}

function factsOf({ declared = [], applied, left = [], peers = [], prune = false, unborn = [], socketName }: Host): PlanFacts {
  return {
    fleet: { agents: declared, ...(socketName !== undefined && { socketName }) },
    applied: applied === undefined ? undefined : { file: "/fleet.yaml", agents: applied, left },
    findPeer: (name) => peers.find(({ personality }) => personality === name),
    isPruned: () => prune,
    lacksMemory: (name) => unborn.includes(name),
    defaultFolder: (name) => `/default/${name}`,
    folderKey: (path) => path,
  };
}

const rowsOf = (host: Host) =>
  planApply(factsOf(host)).rows.map(({ peer: name, op, changes, waitsOn }) => ({ peer: name, op, changes, waitsOn }));

describe("a plan", () => {
  test.each<[string, Host, Partial<PlannedRow>]>([
    ["adds who is not registered", { declared: [agent("a")] }, { op: "add" }],
    ["leaves who is as declared", { declared: [agent("a")], applied: [agent("a")], peers: [peer("a")] }, { op: "unchanged" }],
    [
      "takes in who is registered and was never applied",
      { declared: [agent("a")], peers: [peer("a")] },
      { op: "update", changes: ["membership"] },
    ],
    [
      "adds who is registered and is being removed",
      { declared: [agent("a")], applied: [agent("a")], peers: [peer("a", { isBeingRemoved: true })] },
      { op: "add" },
    ],
    ["adds again who was applied and is gone", { declared: [agent("a")], applied: [agent("a")] }, { op: "add" }],
    [
      "tells of another class and model",
      { declared: [agent("a", { class: "tester", modelHint: "m" })], applied: [agent("a")], peers: [peer("a")] },
      { op: "update", changes: ["class", "model_hint"] },
    ],
    [
      "tells of another runtime",
      { declared: [agent("a", { runtime: "codex" })], applied: [agent("a")], peers: [peer("a")] },
      { op: "update", changes: ["runtime"] },
    ],
    [
      "puts back a default runtime that somebody changed",
      {
        declared: [agent("a")],
        applied: [agent("a")],
        peers: [peer("a", { defaultRuntime: "codex", runtimes: ["claude", "codex"] })],
      },
      { op: "update", changes: ["runtime"] },
    ],
    [
      "leaves a further runtime that somebody gave it",
      { declared: [agent("a")], applied: [agent("a")], peers: [peer("a", { runtimes: ["claude", "codex"] })] },
      { op: "unchanged" },
    ],
    [
      "moves who is registered at another folder",
      { declared: [agent("a", { workingDirectory: "/new" })], applied: [agent("a")], peers: [peer("a")] },
      { op: "update", changes: ["working_directory"], isMove: true },
    ],
    [
      "leaves the folder of one for whom none is declared",
      { declared: [agent("a")], applied: [agent("a")], peers: [peer("a", { cwd: "/own" })] },
      { op: "unchanged" },
    ],
    [
      "attaches a memory that is missing",
      { declared: [agent("a")], applied: [agent("a")], peers: [peer("a")], unborn: ["a"] },
      { op: "update", changes: ["memory"] },
    ],
    [
      "tells of another socket",
      { declared: [agent("a")], applied: [agent("a")], peers: [peer("a")], socketName: "work" },
      { op: "update", changes: ["socket_name"] },
    ],
    ["only notes one of another host", { declared: [agent("a", { remote: { host: "h", ssh: "h" } })] }, { op: "add" }],
    [
      "leaves one of another host that is noted, whatever is registered",
      { declared: [agent("a", { remote: { host: "h", ssh: "h" } })], applied: [agent("a", { remote: { host: "h", ssh: "h" } })] },
      { op: "unchanged" },
    ],
    [
      "tells of another way to another host",
      {
        declared: [agent("a", { remote: { host: "h", ssh: "me@h" } })],
        applied: [agent("a", { remote: { host: "h", ssh: "h" } })],
      },
      { op: "update", changes: ["host"] },
    ],
  ])("%s", (_, host, expected) => {
    expect(planApply(factsOf(host)).rows[0]).toMatchObject(expected);
  });

  test("keeps who is declared no more, unless it is to prune", () => {
    const host = {
      declared: [agent("a")],
      applied: [agent("a"), agent("b")],
      left: [agent("c")],
      peers: ["a", "b", "c", "own"].map((name) => peer(name)),
    };
    expect(planApply(factsOf(host)).left.map(({ name }) => name)).toEqual(["b", "c"]);
    expect(rowsOf(host).map((row) => row.peer)).toEqual(["a"]);
    const pruned = planApply(factsOf({ ...host, prune: true }));
    expect(pruned.rows.map((row) => [row.peer, row.op])).toEqual([
      ["a", "unchanged"],
      ["b", "remove"],
      ["c", "remove"],
    ]);
    expect(pruned.left).toEqual([]);
  });

  test("forgets who is declared no more where nothing of it is here", () => {
    const far = agent("far", { remote: { host: "h", ssh: "h" } });
    const host = {
      declared: [agent("a")],
      applied: [agent("a"), agent("b"), far],
      left: [agent("c")],
      peers: [peer("a"), peer("c")],
    };
    expect(planApply(factsOf(host)).left.map(({ name }) => name)).toEqual(["c"]);
    expect(rowsOf(host).map((row) => row.op)).toEqual(["unchanged"]);
  });

  test("lets a folder be left before it is taken", () => {
    const host = {
      declared: [agent("b", { workingDirectory: "/peers/a" })],
      applied: [agent("a")],
      peers: [peer("a")],
      prune: true,
    };
    expect(rowsOf(host)).toEqual([
      { peer: "b", op: "add", changes: [], waitsOn: ["a"] },
      { peer: "a", op: "remove", changes: [], waitsOn: [] },
    ]);
  });

  test.each(["orchestrator", "enhancer"])("lets the last %s go when the next one is there", (agentClass) => {
    const host = {
      declared: [agent("new", { class: agentClass })],
      applied: [agent("old", { class: agentClass })],
      peers: [peer("old")],
      prune: true,
    };
    expect(rowsOf(host)).toMatchObject([
      { peer: "new", waitsOn: [] },
      { peer: "old", waitsOn: ["new"] },
    ]);
  });

  test("lets it go only when another one has become that", () => {
    const boss = agent("boss", { class: "orchestrator" });
    const host = {
      declared: [agent("w", { class: "orchestrator" })],
      applied: [boss, agent("w")],
      peers: [peer("boss"), peer("w")],
      prune: true,
    };
    expect(rowsOf(host)).toMatchObject([
      { peer: "w", op: "update" },
      { peer: "boss", op: "remove", waitsOn: ["w"] },
    ]);
  });

  test("lets a folder of iapeer's own be left before who is called like it takes it", () => {
    const host = {
      declared: [agent("p", { workingDirectory: "/new" }), agent("q")],
      applied: [agent("p")],
      peers: [peer("p", { cwd: "/default/q" })],
    };
    expect(rowsOf(host)).toMatchObject([
      { peer: "p", waitsOn: [] },
      { peer: "q", op: "add", waitsOn: ["p"] },
    ]);
  });

  test("does not wait in a circle where the next one takes the folder of the last", () => {
    const host = {
      declared: [agent("new", { class: "orchestrator", workingDirectory: "/peers/old" })],
      applied: [agent("old", { class: "orchestrator" })],
      peers: [peer("old")],
      prune: true,
    };
    expect(rowsOf(host)).toMatchObject([
      { peer: "new", waitsOn: ["old"] },
      { peer: "old", waitsOn: [] },
    ]);
  });

  test("finds two that would change folders", () => {
    const swap = [agent("a", { workingDirectory: "/peers/b" }), agent("b", { workingDirectory: "/peers/a" })];
    const { rows } = planApply(factsOf({ declared: swap, applied: swap, peers: [peer("a"), peer("b")] }));
    expect(inRounds(rows)).toMatchObject({ rounds: [], stuck: [{ peer: "a" }, { peer: "b" }] });
  });

  const host = fc.record({
    declared: fc.uniqueArray(
      fc.record({
        name: fc.constantFrom("a", "b", "c", "d"),
        class: fc.constantFrom("orchestrator", "enhancer", "tester"),
        runtime: fc.constantFrom("claude", "codex"),
        isPersistent: fc.boolean(),
      }),
      { selector: ({ name }) => name },
    ),
    peers: fc.uniqueArray(
      fc.record({
        personality: fc.constantFrom("a", "b", "c", "d"),
        defaultRuntime: fc.constant("claude"),
        runtimes: fc.constant(["claude"]),
        cwd: fc.constantFrom("/1", "/2"),
        isBeingRemoved: fc.boolean(),
      }),
      { selector: ({ personality }) => personality },
    ),
    prune: fc.boolean(),
  });

  test("has every declared agent once, in the order of the file, and nobody who was never applied after them", () => {
    fc.assert(
      fc.property(host, (one) => {
        expect(rowsOf(one).map((row) => row.peer)).toEqual(one.declared.map(({ name }) => name));
      }),
    );
  });

  test("that was done leaves nothing to do", () => {
    fc.assert(
      fc.property(host, (one) => {
        const done = one.declared.map(({ name, runtime }) => peer(name, { defaultRuntime: runtime, runtimes: [runtime] }));
        expect(rowsOf({ ...one, applied: one.declared, peers: done }).every(({ op }) => op === "unchanged")).toBe(true);
      }),
    );
  });
});

describe("a cause", () => {
  test("comes from the error's row, and anything that is no error of ours is a bug", () => {
    expect(rowOf(new IapeerError("lock-busy", ""))).toEqual({ exit: 4, cause: "busy", retryable: true });
    expect(rowOf(new TypeError("x"))).toEqual({ exit: 70, cause: "bug", retryable: false });
  });
});
