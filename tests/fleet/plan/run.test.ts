import { describe, expect, test } from "bun:test";
import { IapeerError } from "../../../src/model/errors.ts";
import { runPlan } from "../../../src/fleet/plan/plan.ts";
import type { ApplySteps, PlannedRow, PlanRunOptions } from "../../../src/fleet/plan/types.ts";

const agentOf = (name: string) => ({ name, class: "tester", runtime: "claude", isPersistent: false });
const added = (peer: string, more: Partial<PlannedRow> = {}): PlannedRow => ({
  peer,
  op: "add",
  changes: [],
  agent: agentOf(peer),
  isMove: false,
  waitsOn: [],
  ...more,
});
const many = (count: number) => Array.from({ length: count }, (_, n) => added(`a${n}`));

/** Steps that do nothing but say in which order they were called. */
function openSteps(more: Partial<ApplySteps> = {}): { readonly steps: ApplySteps; readonly calls: string[] } {
  const calls: string[] = [];
  const steps: ApplySteps = {
    check: () => undefined,
    announce: (rows) => void calls.push(`announce ${rows.length}`),
    register: async (rows) => void calls.push(`register ${rows.map(({ peer }) => peer).join(" ")}`),
    change: async ({ peer }) => {
      calls.push(`change ${peer}`);
      return { stage: "memory" };
    },
    record: (standing, failed) => void calls.push(`record ${standing.length} ${failed.length}`),
    isToLaunch: () => false,
    launch: async () => true,
    ...more,
  };
  return { steps, calls };
}

const run = async (rows: readonly PlannedRow[], steps: ApplySteps, options: Partial<PlanRunOptions> = {}) =>
  await runPlan({ rows, left: [] }, steps, { jobs: 1, signal: new AbortController().signal, onRow: () => undefined, ...options });
const statusesOf = (rows: readonly { readonly peer: string; readonly status: string; readonly cause: unknown }[]) =>
  rows.map(({ peer, status, cause }) => `${peer} ${status} ${String(cause)}`);

describe("rows that are added", () => {
  test.each([
    [1, 1],
    [10, 1],
    [12, 2],
    [1000, 100],
  ])("%i of them are registered %i at once, each part when its turn comes", async (count, size) => {
    const { steps, calls } = openSteps();
    await run(many(count), steps);
    const parts = calls.filter((call) => call.startsWith("register"));
    expect(parts.map((call) => call.split(" ").length - 1)).toEqual(
      Array.from({ length: Math.ceil(count / size) }, (_, part) => Math.min(size, count - part * size)),
    );
    expect(parts.length).toBeLessThanOrEqual(10);
    expect(calls.indexOf(`change a${count - 1}`)).toBeGreaterThan(calls.lastIndexOf(parts.at(-1)!));
  });

  test("of a part whose turn has not come, nothing is registered yet", async () => {
    const { steps, calls } = openSteps();
    await run(many(12), steps);
    expect(calls.slice(0, 6)).toEqual(["announce 12", "register a0 a1", "change a0", "change a1", "register a2 a3", "change a2"]);
  });

  test("a part that cannot be registered fails as a whole, and the next one is tried", async () => {
    const { steps } = openSteps({
      register: async ([first]) => {
        if (first?.peer === "a0") throw new IapeerError("lock-busy", "no");
      },
    });
    expect(statusesOf(await run(many(12), steps)).slice(0, 3)).toEqual(["a0 failed busy", "a1 failed busy", "a2 done null"]);
  });

  test("after an interruption the rows that are registered are gone on with, and no other is begun", async () => {
    const controller = new AbortController();
    const { steps, calls } = openSteps({
      change: async ({ peer }) => {
        controller.abort();
        if (peer === "a1") throw new IapeerError("interrupted", "between two steps");
        return { stage: "memory" };
      },
    });
    const rows = await run(many(12), steps, { signal: controller.signal });
    expect(statusesOf(rows).slice(0, 3)).toEqual(["a0 done null", "a1 failed interrupted", "a2 skipped interrupted"]);
    expect(calls).toEqual(["announce 12", "register a0 a1", "record 1 11"]);
  });

  test.each<[string, Partial<PlannedRow>]>([
    ["that moves", { isMove: true }],
    ["that is to be removed first", { found: { ...foundPeer(), isBeingRemoved: true } }],
    ["of another host", { agent: { ...agentOf("b"), remote: { host: "h", ssh: "h" } } }],
    ["that goes", { op: "remove" }],
  ])("one %s is not registered with them", async (_, more) => {
    const { agent: _agent, ...gone } = added("b", more);
    const { steps, calls } = openSteps();
    await run([added("a"), more.op === "remove" ? gone : added("b", more)], steps);
    expect(calls.filter((call) => call.startsWith("register"))).toEqual(["register a"]);
    expect(calls).toContain("change b");
  });
});

function foundPeer() {
  return { personality: "b", defaultRuntime: "claude", runtimes: ["claude"], cwd: "/b", isBeingRemoved: false };
}
