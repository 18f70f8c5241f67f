import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { addPeer } from "../../src/app/add.ts";
import type { DoctorReport } from "../../src/app/doctor/types.ts";
import { sweepPeers } from "../../src/app/memory-plugin.ts";
import { removePeers } from "../../src/app/remove.ts";
import { openTold } from "../support/app.ts";
import { ok, readRegistryFile, recordingSlot } from "../support/calls.ts";
import { fixture, startLockHolder } from "../support/fixtures.ts";
import { openSandbox, type Sandbox } from "../support/sandbox.ts";
import { rejectionOf } from "../support/scratch.ts";

let box: Sandbox;
beforeEach(() => {
  box = openSandbox();
});
afterEach(() => box[Symbol.dispose]());

interface Called {
  readonly value: any;
  readonly warnings: readonly string[];
  readonly notes: readonly string[];
}

/** Calls a use case in a process of its own. Whatever it printed beside its value fails the test. */
async function call(sandbox: Sandbox, name: string, request: object = {}): Promise<Called> {
  const child = Bun.spawn([process.execPath, fixture("use-case.ts"), name, JSON.stringify(request)], {
    env: sandbox.env,
    cwd: sandbox.folder,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  expect({ stderr, lines: stdout.trimEnd().split("\n").length, status: child.exitCode }).toEqual({
    stderr: "",
    lines: 1,
    status: 0,
  });
  return JSON.parse(stdout) as Called;
}

/** A value without what differs between two sandboxes: their folders. */
function withoutFolder(value: unknown, { folder }: Sandbox): unknown {
  return JSON.parse(JSON.stringify(value).replaceAll(folder, "FOLDER")) as unknown;
}

describe("a use case that reads prints nothing, and returns what --json prints", () => {
  beforeEach(async () => {
    await Promise.all([
      ok(box, "add", "alice", "--description", "reads the mail"),
      ok(box, "add", "bob", "--runtime", "codex", "--runtime", "claude"),
    ]);
    recordingSlot(box);
  });

  test.each([
    ["list", {}, ["list"]],
    ["list", { runtime: "codex" }, ["list", "--runtime", "codex"]],
    ["show", { personality: "alice" }, ["show", "alice"]],
    ["verify", { isFixing: false }, ["verify"]],
    ["deaths", {}, ["deaths"]],
    ["provider check", {}, ["provider", "check"]],
    ["canary status", {}, ["canary", "status"]],
    ["tail", { personality: "alice", count: 20 }, ["tail", "alice"]],
  ] as const)("%s %j", async (name, request, args) => {
    const [{ value }, printed] = await Promise.all([call(box, name, request), box.json(...args)]);
    expect(value).toEqual(printed);
  });
});

test("doctor's rows are those that --json prints, but for the room on the disk, which moves", async () => {
  const { value } = await call(box, "doctor", { isSelfTested: false });
  const printed = await box.json("doctor", "--no-self-test");
  const withoutRoom = (report: DoctorReport) =>
    report.checks.map((row) => ({ ...row, message: row.check === "disk" ? "" : row.message }));
  expect({ ...value, checks: withoutRoom(value) }).toEqual({ ...printed, checks: withoutRoom(printed) });
});

test("the host report is what status --json prints, of the program that makes it", async () => {
  await ok(box, "add", "alice");
  const { value } = await call(box, "status");
  expect(value).toEqual({ ...(await box.json("status")), version: expect.any(String) });
});

describe("a use case that changes this host does so as the command does, and prints nothing", () => {
  test("add, update, memory-plugin and remove, with a provider that fails", async () => {
    using other = openSandbox();
    for (const one of [box, other]) recordingSlot(one, { exit: 3 });
    const steps = [
      [
        "add",
        { personality: "alice", isProvisioned: true, description: "x".repeat(500) },
        ["add", "alice", "--description", "x".repeat(500)],
      ],
      [
        "update",
        { personality: "alice", request: { addRuntimes: ["codex"] }, isProvisioned: true },
        ["update", "alice", "--add-runtime", "codex"],
      ],
      ["memory-plugin", { direction: "on", choice: { kind: "all" }, jobs: 1 }, ["memory-plugin", "on", "--all", "--jobs", "1"]],
      ["remove", { personalities: ["alice", "nobody"], isForced: false }, ["remove", "alice", "nobody"]],
    ] as const;
    const told: string[] = [];
    for (const [name, request, args] of steps) {
      const [{ value, warnings, notes }, printed] = await Promise.all([call(box, name, request), other.json(...args)]);
      expect(withoutFolder(value, box)).toEqual(withoutFolder(printed, other));
      told.push(...warnings, ...notes);
    }
    expect(told).toEqual([
      "the description is 500 characters long and is cut at 450",
      "memory of alice (claude) was not attached: failed: said on stderr",
      "the peer is registered; to try its memory again: iapeer memory-plugin on --peer alice",
      "memory of alice (codex) was not attached: failed: said on stderr",
      "the peer is registered; to try its memory again: iapeer memory-plugin on --peer alice",
      "memory of alice (claude) was not detached: failed: said on stderr",
      "memory of alice (codex) was not detached: failed: said on stderr",
    ]);
  });

  test("launch, send and stop", async () => {
    const program = box.script("agent", 'while read -r line; do echo "$line"; done');
    box.write(join(box.root, "runtimes/reader/runtime.json"), JSON.stringify({ command: program, args: [] }));
    await ok(box, "add", "alice", "--runtime", "reader");
    const launched = (await call(box, "launch", { personality: "alice", args: [] })).value;
    const live = await box.json("launch", "alice");
    expect({ ...launched, action: "already-live", witness: undefined }).toEqual({ ...live, witness: undefined });
    const message = { to: { personality: "alice" }, message: { kind: "text", text: "hello" }, verify: true };
    expect((await call(box, "send", message)).value).toMatchObject({ to: "alice", sender: "person", state: "accepted" });
    const stopped = await call(box, "stop", { choice: { kind: "peers", personalities: ["alice"] } });
    expect(stopped.value).toEqual([{ identity: "reader-alice", action: "stopped", server_pid: launched.server_pid }]);
    expect((await call(box, "deaths")).value).toEqual([]);
  });
});

describe("a signal", () => {
  test("ends an add that waits for the registry's lock, and nothing is done", async () => {
    await ok(box, "add", "bob");
    const holder = await startLockHolder(join(box.root, "peers-profiles.lock"));
    const controller = new AbortController();
    const added = rejectionOf(addPeer(openTold(box).app, { personality: "alice", isProvisioned: false }, controller.signal));
    controller.abort();
    expect(await added).toMatchObject({ code: "interrupted" });
    holder.kill("SIGKILL");
    await holder.exited;
    expect(readRegistryFile(box).peers.map(({ personality }) => personality)).toEqual(["bob"]);
  });

  test("ends the provider's commands: the rows that were not begun say so, and a removal stays half done", async () => {
    const command = box.script("provider", "exec sleep 60");
    const block = { command, args: [] };
    await ok(box, "add", "alice", "--runtime", "claude", "--runtime", "codex");
    box.slot({ provider: "p", package: "@x/p", version: "1", provision: block, unprovision: block });
    const { app, totals } = openTold(box);
    const signal = AbortSignal.timeout(500);
    const swept = await sweepPeers(app, { direction: "on", choice: { kind: "all" }, jobs: 1 }, signal);
    expect(swept).toMatchObject({
      kind: "swept",
      wasInterrupted: true,
      outcomes: [{ state: "interrupted" }, { state: "not-run" }],
    });
    expect(totals).toEqual([2]);
    const [removed] = await removePeers(app, { personalities: ["alice"], isForced: false }, AbortSignal.timeout(500));
    expect(removed).toMatchObject({ action: "failed", error: { code: "interrupted" } });
    expect(await box.json("show", "alice")).toMatchObject({ being_removed: true });
    app.runner.close();
  });
});
