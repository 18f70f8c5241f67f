// A process that holds the registry's lock and ends, or stands still.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { errorLine, ok, readRegistryFile, valuesOf } from "../support/calls.ts";
import { type Running, startLockHolder } from "../support/fixtures.ts";
import { finish, openSandbox, type Sandbox, until } from "../support/sandbox.ts";

const lockOf = ({ root }: Sandbox) => join(root, "peers-profiles.lock");
const BUSY = { IAPEER_LOCK_TIMEOUT_MS: "500" };

let box: Sandbox;
let holder: Running;
beforeEach(async () => {
  box = openSandbox();
  mkdirSync(box.root, { mode: 0o700 });
  holder = await startLockHolder(lockOf(box));
});
afterEach(async () => {
  holder.kill("SIGKILL");
  await holder.exited;
  box[Symbol.dispose]();
});

const people = () => valuesOf(readRegistryFile(box).peers, "personality");

async function expectBusy(): Promise<void> {
  const startedMs = performance.now();
  const end = await box.iapeerWith(BUSY, "add", "late", "--no-provision", "--json");
  expect(end).toMatchObject({ status: 4, stdout: "" });
  expect(errorLine(end)).toMatchObject({ code: "lock-busy", details: { path: lockOf(box) } });
  expect(performance.now() - startedMs).toBeGreaterThanOrEqual(500);
}

test("a holder that is killed lets the next one go on", async () => {
  const waiting = box.start(["add", "next", "--no-provision"]);
  await expectBusy();
  expect(waiting.exitCode).toBeNull();
  holder.kill("SIGKILL");
  expect(await finish(waiting)).toMatchObject({ status: 0 });
  expect(people()).toEqual(["next"]);
});

test("a holder that is stopped is waited for, and only so long; its lock is never taken over", async () => {
  holder.kill("SIGSTOP");
  await until("it is stopped", async () => (await Bun.file(`/proc/${holder.pid}/stat`).text()).includes(") T "));
  await expectBusy();
  expect(await box.json("list")).toEqual([]);
  await expectBusy();
  holder.kill("SIGCONT");
  await holder.stdin.end();
  expect(await holder.exited).toBe(0);
  await ok(box, "add", "late", "--no-provision");
  expect(people()).toEqual(["late"]);
});

test("a holder that is killed while it is stopped lets go too", async () => {
  holder.kill("SIGSTOP");
  await expectBusy();
  holder.kill("SIGKILL");
  await holder.exited;
  expect(await box.iapeerWith({ IAPEER_LOCK_TIMEOUT_MS: "0" }, "add", "late", "--no-provision")).toMatchObject({ status: 0 });
});

test("ten that wait all get their turn when the holder lets go", async () => {
  const names = Array.from({ length: 10 }, (_, n) => `p${n}`);
  const waiting = names.map((name) => box.start(["add", name, "--no-provision"]));
  await expectBusy();
  await holder.stdin.end();
  for (const child of waiting) expect(await finish(child)).toMatchObject({ status: 0 });
  expect(people()).toEqual(names);
});

test("one that waits is interrupted at once, and nothing is done", async () => {
  const waiting = box.start(["add", "next", "--no-provision"]);
  await expectBusy();
  waiting.kill("SIGTERM");
  await waiting.exited;
  await holder.stdin.end();
  await holder.exited;
  expect(await box.json("list")).toEqual([]);
});
