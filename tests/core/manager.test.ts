// Calls of a service manager: what they come to, and that they end.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { readdirSync, writeFileSync } from "node:fs";
import { callManager } from "../../src/core/service/manager.ts";
import { openScratch, type Scratch } from "../support/scratch.ts";

let scratch: Scratch;
beforeEach(() => {
  scratch = openScratch();
});
afterEach(() => scratch[Symbol.dispose]());

/** Calls a systemctl that does this; what it came to, and after how many milliseconds. */
function call(body: string, timeoutMs?: number) {
  writeFileSync(scratch.at("systemctl"), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  const began = performance.now();
  const answer = callManager(["systemctl", "--user", "enable"], { PATH: `${scratch.path}:${process.env["PATH"]}` }, timeoutMs);
  return { ...answer, ms: performance.now() - began };
}

/** What a call left running, whose ids it wrote down. */
async function endLeft(): Promise<void> {
  const pids = (await Bun.file(scratch.at("left")).text()).trim().split("\n");
  for (const pid of pids) process.kill(Number(pid), "SIGKILL");
}

test("a call is judged by its exit status, and what it said is told", () => {
  expect(call("echo one; echo two >&2")).toMatchObject({ ok: true, stdout: "one\n" });
  expect(call("echo active; echo 'no bus' >&2; exit 3")).toMatchObject({
    ok: false,
    stdout: "active\n",
    why: "systemctl --user enable failed: no bus",
  });
  expect(call("exit 3")).toMatchObject({ ok: false, stdout: "", why: "systemctl --user enable failed: exit status 3" });
});

test("who keeps its stdout and stderr is not waited for", async () => {
  const { ms, ...answer } = call(`sleep 60 & echo $! >'${scratch.at("left")}'; echo done`);
  await endLeft();
  expect(answer).toEqual({ ok: true, stdout: "done\n" });
  expect(ms).toBeLessThan(10_000);
});

test("the deadline holds, whoever else keeps its stdout and stderr", async () => {
  const { ms, ...answer } = call(`sleep 60 & echo $! >'${scratch.at("left")}'; echo half; exec sleep 60`, 500);
  await endLeft();
  expect(answer).toEqual({ ok: false, stdout: "half\n", why: "systemctl --user enable failed: no answer within 0.5 s" });
  expect(ms).toBeLessThan(10_000);
});

test("no file is left of what was said, and without a place for it the call fails", () => {
  const before = process.env["TMPDIR"];
  try {
    process.env["TMPDIR"] = scratch.path;
    expect(call("echo one").stdout).toBe("one\n");
    expect(readdirSync(scratch.path)).toEqual(["systemctl"]);
    process.env["TMPDIR"] = scratch.at("gone");
    expect(call("echo one")).toMatchObject({ ok: false, why: expect.stringContaining("could not be run: ") });
  } finally {
    if (before === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = before;
  }
});
