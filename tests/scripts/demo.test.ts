import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { findFailure, SCENES } from "../../scripts/demo/scenes.ts";
import { openStage } from "../../scripts/demo/stage.ts";
import type { ProcessInfo } from "../../src/core/process/process-table.ts";
import { isRunning, readProcess } from "../../src/core/process/processes.ts";
import { BINARY } from "../support/sandbox.ts";

const DEMO = join(import.meta.dir, "../../scripts/demo.ts");

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
    "claude-bob  4711  armed (parent, pid 4710)  2026-01-02T03:04:05.678Z\n",
    "2026-01-02T03:04:05.678Z (3 s ago)  claude-bob  its server died  killed  signal KILL  3f2a91c0\n",
  ];
  expect(made.map((line, index) => line(before[index]!))).toEqual(["kill -9 4711", "iapeer deaths show 3f2a | head -n 11"]);
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
    const pid = /^launched claude-bob \(pid (\d+)\)$/m.exec(printed)?.[1];
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
