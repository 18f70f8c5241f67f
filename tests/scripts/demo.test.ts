import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ACTS } from "../../scripts/demo/acts.ts";
import { findFailure, type Scene } from "../../scripts/demo/scene.ts";
import { openStage } from "../../scripts/demo/stage.ts";
import { parseBlocks } from "../../scripts/record/blocks.ts";
import { findPages } from "../../scripts/record/pages.ts";
import type { ProcessInfo } from "../../src/core/process/process-table.ts";
import { isRunning, readProcess } from "../../src/core/process/processes.ts";
import { BINARY } from "../support/sandbox.ts";

const ROOT = join(import.meta.dir, "../..");
const DEMO = join(ROOT, "scripts/demo.ts");
const SCENES: readonly Scene[] = Object.values(ACTS).flat();

const scene = { type: "iapeer status", exit: 1, shows: [/^! claude-bob/m] };

test("a scene that exits and prints as it must has no failure", () => {
  expect(findFailure(scene, { status: 1, printed: "slot: x\n! claude-bob: look\n" })).toBeUndefined();
});

test("a scene that exits otherwise fails the demo", () => {
  expect(findFailure(scene, { status: 0, printed: "! claude-bob: look\n" })).toBe('"iapeer status" exited with 0, not 1');
});

test("a scene that prints something else fails the demo", () => {
  expect(findFailure(scene, { status: 1, printed: "all is well\n" })).toContain("printed nothing like");
});

test("a scene whose line is made of what the one before printed gets the pid and the id from there", () => {
  const made = SCENES.flatMap(({ type }) => (typeof type === "string" ? [] : [type]));
  const before = [
    "claude-alice  4711  armed (parent, pid 4710)  2026-01-02T03:04:05.678Z\n",
    "2026-01-02T03:04:05.678Z (3 s ago)  claude-alice  its server died  killed  signal KILL  3f2a91c0\n",
  ];
  expect(made.map((line, index) => line(before[index]!))).toEqual(["kill -9 4711", "iapeer deaths show 3f2a | head -n 6"]);
});

test("every act stands on one page", async () => {
  const pages = await Promise.all(findPages().map(async (page) => await Bun.file(join(ROOT, page)).text()));
  const acts = pages.flatMap(parseBlocks).flatMap((block) => (block.kind === "demo" ? [block.act] : []));
  expect(acts.toSorted()).toEqual(Object.keys(ACTS).toSorted());
});

test("an unknown act plays nothing", () => {
  const { exitCode, stdout, stderr } = Bun.spawnSync([process.execPath, DEMO, "opera"], { stdin: "ignore" });
  expect({ exitCode, stdout: stdout.toString() }).toEqual({ exitCode: 2, stdout: "" });
  expect(stderr.toString()).toBe("demo: an act is one of agent, memory, team\n");
});

test("a line that takes the terminal gets its keys when the screen shows what they wait for, and is shown by what it leaves", async () => {
  using stage = openStage(BINARY, { isTerminal: false, signal: new AbortController().signal });
  const line = `printf '\\033[?1049hname? '; read -r name; printf '\\033[?1049l\\033[1mhello\\033[0m, %s\\n' "$name"`;
  expect(await stage.typeInTerminal(line, [{ when: /name\? $/, press: "ann\r" }])).toEqual({
    status: 0,
    printed: "hello, ann\n",
  });
});

test("a line whose result takes its time is run again until it is there, and shown once", async () => {
  using stage = openStage(BINARY, { isTerminal: false, signal: new AbortController().signal });
  const isDone = ({ printed }: { readonly printed: string }) => printed.includes("xxx");
  expect(await stage.type("printf x >> tries; cat tries", { mayTakeMs: 10_000, isDone })).toEqual({ status: 0, printed: "xxx" });
});

test("a result that does not come is given up", async () => {
  using stage = openStage(BINARY, { isTerminal: false, signal: new AbortController().signal });
  const { printed } = await stage.type("printf x >> tries; cat tries", { mayTakeMs: 2500, isDone: () => false });
  expect(printed.length).toBeWithin(2, 50);
});

/** A process and those it descends from, as far as they are not this test's. */
function lineageOf(pid: number, own: number): ProcessInfo[] {
  const found = readProcess(pid);
  return found === undefined || pid === own || pid <= 1 ? [] : [found, ...lineageOf(found.ppid, own)];
}

test.each([
  ["SIGTERM", 143],
  ["SIGINT", 130],
] as const)("a demo that gets %s while a session lives leaves no process and no folder", async (signal, status) => {
  const child = Bun.spawn([process.execPath, DEMO], { stdin: "ignore", stdout: "pipe", stderr: "ignore" });
  let printed = "";
  let session: ProcessInfo[] = [];
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    printed += chunk;
    const pid = /^launched claude-alice \(pid (\d+)\)$/m.exec(printed)?.[1];
    if (pid === undefined || session.length > 0) continue;
    session = lineageOf(Number(pid), child.pid);
    child.kill(signal);
  }
  expect(await child.exited).toBe(status);
  // The agent, its server and the recorder.
  expect(session.length).toBeGreaterThanOrEqual(3);
  expect(session.filter(isRunning)).toEqual([]);
  expect(existsSync(/\/tmp\/iapeer-demo-\w{6}/.exec(printed)![0])).toBe(false);
});
