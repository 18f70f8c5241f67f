// Calls of a service manager: what they come to, and that they end.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { callManager, type ManagerCall } from "../../../src/core/service/manager.ts";
import { readProcess } from "../../../src/core/process/processes.ts";
import { until } from "../../support/sandbox.ts";
import { openScratch, rejectionOf, type Scratch } from "../../support/scratch.ts";

let scratch: Scratch;
beforeEach(() => {
  scratch = openScratch();
});
afterEach(() => scratch[Symbol.dispose]());

const ENABLE = ["systemctl", "--user", "enable"];

/** Calls a systemctl with this body. */
async function call(body: string, { env = {}, ...how }: Partial<ManagerCall> = {}) {
  writeFileSync(scratch.at("systemctl"), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  return await callManager(ENABLE, { env: { PATH: `${scratch.path}:${process.env["PATH"]}`, ...env }, ...how });
}

/** Ends the processes that a call left, by the pids in the file `left`. Throws when one has ended: then it was waited for. */
async function endLeft(): Promise<void> {
  const pids = (await Bun.file(scratch.at("left")).text()).trim().split("\n");
  for (const pid of pids) process.kill(Number(pid), "SIGKILL");
}

test("a call is judged by its exit status, and what it said is told", async () => {
  expect(await call("echo one; echo two >&2")).toMatchObject({ ok: true, stdout: "one\n" });
  expect(await call("echo active; echo 'no bus' >&2; exit 3")).toMatchObject({
    ok: false,
    stdout: "active\n",
    why: "systemctl --user enable failed: no bus",
  });
  expect(await call("exit 3")).toMatchObject({ ok: false, stdout: "", why: "systemctl --user enable failed: exit status 3" });
});

test("a process that keeps the stdout and stderr of a call is not waited for", async () => {
  const answer = await call(`sleep 60 & echo $! >'${scratch.at("left")}'; echo done`);
  await endLeft();
  expect(answer).toEqual({ ok: true, stdout: "done\n" });
});

test("the deadline holds, also when another process keeps the stdout and stderr", async () => {
  const answer = await call(`sleep 60 & echo $! >'${scratch.at("left")}'; echo half; exec sleep 60`, {
    timeoutMs: 500,
  });
  await endLeft();
  expect(answer).toEqual({ ok: false, stdout: "half\n", why: "systemctl --user enable failed: no answer within 0.5 s" });
});

test("no file is left of what was said, and without a place for it the call fails", async () => {
  expect(await call("echo one", { env: { TMPDIR: scratch.path } })).toMatchObject({ ok: true, stdout: "one\n" });
  expect(readdirSync(scratch.path)).toEqual(["systemctl"]);
  const gone = { env: { TMPDIR: scratch.at("gone") } };
  expect(await call("echo one", gone)).toMatchObject({ ok: false, why: expect.stringContaining("could not be run: ") });
});

test("a manager that is on no PATH is none", async () => {
  expect(await callManager(ENABLE, { env: { PATH: scratch.path } })).toMatchObject({
    ok: false,
    why: "systemctl is not here: no service manager runs",
  });
});

test("an abort ends the call and its wait, and one that came before starts nothing", async () => {
  const abort = new AbortController();
  const ended = call(`echo $$ >'${scratch.at("pid")}'; mv '${scratch.at("pid")}' '${scratch.at("left")}'; exec sleep 60`, {
    signal: abort.signal,
  });
  await until("it runs", () => existsSync(scratch.at("left")));
  const pid = Number(await Bun.file(scratch.at("left")).text());
  expect(readProcess(pid)).toBeDefined();
  abort.abort();
  expect((await rejectionOf(ended)).code).toBe("interrupted");
  expect(readProcess(pid)).toBeUndefined();
  expect((await rejectionOf(call(`: >'${scratch.at("again")}'`, { signal: abort.signal }))).code).toBe("interrupted");
  expect(existsSync(scratch.at("again"))).toBe(false);
});

test("this process goes on while a manager takes its time", async () => {
  const slow = call("sleep 0.3");
  let ticks = 0;
  const timer = setInterval(() => (ticks += 1), 10);
  await slow.finally(() => clearInterval(timer));
  expect(ticks).toBeGreaterThan(2);
});
