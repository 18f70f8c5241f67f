import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { requireRunnable } from "../../src/provision/form.ts";
import { readNote } from "../../src/provision/memory-state.ts";
import { type Sweep, sweepMemory } from "../../src/provision/provision.ts";
import type { Slot } from "../../src/status/slot/types.ts";
import { fixture } from "../support/fixtures.ts";
import { openHost, QUIET, type TestHost } from "../support/provision.ts";
import { writeScript } from "../support/script-file.ts";
import { until } from "../support/sandbox.ts";
import { errorOf } from "../support/scratch.ts";

const IDENTITY = { provider: "mem", package: "@x/mem", version: "1.0.0" };
const BLOCK = { command: "/bin/true", args: [] };
const PLUGIN = { name: "n", marketplace: "m" };

describe("what a slot has to run", () => {
  test.each<[string, Partial<Slot> | undefined, "sweep-on" | "off-all", string | undefined]>([
    ["nothing in it", undefined, "sweep-on", "memory slot is EMPTY"],
    ["no unprovision", { provision: BLOCK }, "off-all", 'provider "mem" declares no unprovision command'],
    ["no provision", { unprovision: BLOCK }, "sweep-on", 'provider "mem" declares no provision command'],
    [
      "a plugin beside provision, and no unprovision",
      { provision: BLOCK, plugin: PLUGIN },
      "off-all",
      'provider "mem" declares no unprovision command',
    ],
    ["nothing at all", {}, "sweep-on", 'provider "mem" declares nothing to run: no provision, unprovision or plugin'],
    ["the command", { provision: BLOCK }, "sweep-on", undefined],
    ["only a plugin", { plugin: PLUGIN }, "off-all", undefined],
  ])("in one with %s", (_, slot, occasion, message) => {
    const whole = slot && { ...IDENTITY, ...slot };
    const require = () => requireRunnable({ slot: whole, problems: [] }, occasion);
    if (message === undefined) expect(require()).toBe(whole!);
    else expect(errorOf(require)).toMatchObject({ message, exitStatus: 1 });
  });
});

describe("a sweep", () => {
  let host: TestHost;
  beforeEach(() => {
    host = openHost();
  });
  afterEach(() => host[Symbol.dispose]());

  function provider(body: string): Partial<Slot> {
    return { provision: { command: host.provider("provision", body), args: ["{personality}", "{runtime}"] } };
  }

  async function sweep(declared: Partial<Slot>, request: Partial<Sweep> & Pick<Sweep, "targets">, signal = QUIET) {
    const defaults = { slot: host.slot(declared), occasion: "sweep-on", allTargets: request.targets, jobs: 4 } as const;
    return await sweepMemory(host, { ...defaults, ...request }, signal);
  }

  test.each([1, 2, 8])("has its rows in registry order, whatever ends first, with %i at a time", async (jobs) => {
    const targets = ["a", "b", "c", "d"].map((name) => host.peer(name, "claude", "codex"));
    // The first run ends when all others that run beside it have ended.
    const others = `[ "$(cat '${host.layout.lifecycleLog}' 2>/dev/null | wc -l)" -ge ${jobs - 1} ]`;
    const slot = provider(`[ $1$2 != aclaude ] || until ${others}; do sleep 0.02; done`);
    const rows = await sweep(slot, { targets, jobs });
    const order = ["a", "b", "c", "d"].flatMap((name) => [`claude-${name}`, `codex-${name}`]);
    expect(rows.map(({ personality, runtime }) => `${runtime}-${personality}`)).toEqual(order);
    const ended = host.events().map((event) => event["identity"]!);
    expect(ended.toSorted()).toEqual(order.toSorted());
    if (jobs === 8) expect(ended.at(-1)).toBe("claude-a");
  });

  test.each([1, 3])("runs no more than %i at a time", async (jobs) => {
    const targets = ["a", "b", "c", "d", "e", "f"].map((name) => host.peer(name, "claude"));
    const provision = { command: fixture("count-at-once.sh"), args: [host.at(), String(jobs), "{personality}"] };
    const rows = await sweep({ provision }, { targets, jobs });
    expect(rows.every(({ state }) => state === "ok")).toBe(true);
    expect(Math.max(...host.lines("at-once").map(Number))).toBe(jobs);
  });

  test("has a row for a peer without an agentic runtime, and runs nothing for it", async () => {
    const targets = [host.peer("t", "telegram"), host.peer("a", "claude")];
    const rows = await sweep(provider(`echo $1 >> "$host/calls"`), { targets });
    expect(rows).toEqual([
      { personality: "t", runtime: "telegram", state: "skipped-no-agentic-runtime" },
      { personality: "a", runtime: "claude", state: "ok" },
    ]);
    expect(host.lines("calls")).toEqual(["a"]);
    expect(host.progressed).toEqual([2, "step", "step", "close"]);
  });

  test("goes on after a row that failed, whatever was wrong with it", async () => {
    const targets = [
      host.peer("a", "claude"),
      { ...host.peer("b", "claude"), cwd: "/etc/passwd/x" },
      { ...host.peer("c", "claude"), cwd: "/tmp/\0" },
      host.peer("d", "claude"),
    ];
    const rows = await sweep(provider(`[ $1 = d ] || { echo bad >&2; exit 1; }`), { targets, jobs: 2 });
    expect(rows.map(({ state }) => state)).toEqual(["failed", "not-executable", "not-executable", "ok"]);
    expect(host.progressed.filter((step) => step === "failed step")).toHaveLength(3);
    expect([host.progressed[0], host.progressed.length, host.progressed.at(-1)]).toEqual([4, 6, "close"]);
    expect(readNote(host.layout, "claude", "a")).toMatchObject({ state: "failed", detail: "bad", occasion: "sweep-on" });
    expect(readNote(host.layout, "claude", "d")).toMatchObject({ state: "ok" });
  });

  test("that is interrupted ends what runs, begins nothing more, and says which is which", async () => {
    const targets = ["a", "b", "c", "d"].map((name) => host.peer(name, "claude"));
    const abort = new AbortController();
    const slot = provider(`[ $1 = a ] && exit 0; echo $1 >> "$host/calls"; exec sleep 15`);
    const sweeping = sweep(slot, { targets, jobs: 2 }, abort.signal);
    await until("two run", async () => (await Bun.file(host.at("calls")).exists()) && host.lines("calls").length === 2);
    abort.abort();
    expect((await sweeping).map(({ state }) => state)).toEqual(["ok", "interrupted", "interrupted", "not-run"]);
    expect(readNote(host.layout, "claude", "d")).toBeUndefined();
  });

  test.each([
    ["off-peer", "already"],
    ["off-all", "absent"],
  ] as const)("for %s with a plugin that another peer's codex needs has the row %s", async (occasion, state) => {
    mkdirSync(host.at("bin"));
    writeScript(host.at("bin", "codex"), `echo '{"installed":[]}'`);
    const [a, b] = [host.peer("a", "codex"), host.peer("b", "codex")];
    expect(await sweep({ plugin: PLUGIN }, { occasion, targets: [a], allTargets: [a, b] })).toMatchObject([{ state }]);
    expect(readNote(host.layout, "codex", "a")).toMatchObject({ occasion, state });
  });

  test("runs the command and never the plugin beside it", async () => {
    const rows = await sweep({ ...provider("exit 1"), plugin: PLUGIN }, { targets: [host.peer("a", "claude")] });
    expect(rows).toMatchObject([{ state: "failed" }]);
  });
});
