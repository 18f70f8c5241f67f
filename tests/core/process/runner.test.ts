import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import type { Outcome } from "../../../src/core/process/command.ts";
import { isRunning, listProcesses, readProcess } from "../../../src/core/process/processes.ts";
import { createRunner, type Runner } from "../../../src/core/process/runner.ts";
import { GUARD_ARGV, until } from "../../support/sandbox.ts";
import { openScratch, type Scratch } from "../../support/scratch.ts";
import { writeScript } from "../../support/script-file.ts";

let scratch: Scratch;
let runner: Runner;
beforeEach(() => {
  scratch = openScratch();
  runner = createRunner({ argv: GUARD_ARGV, env: process.env });
});
afterEach(() => {
  runner.close();
  scratch[Symbol.dispose]();
});

async function sh(body: string, timeoutMs = 10_000): Promise<Outcome> {
  return (await runner.run({ argv: ["/bin/sh", "-c", body, "sh", scratch.path], timeoutMs })).outcome;
}

function pidIn(name: string): number {
  return existsSync(scratch.at(name)) ? Number(readFileSync(scratch.at(name), "utf8")) : 0;
}

test.each<[string, string, Partial<Outcome>]>([
  ["exit 0", "exit 0", { state: "ok", exitCode: 0, signal: null }],
  ["exit 3", "exit 3", { state: "failed", exitCode: 3, signal: null }],
  ["exit 143", "exit 143", { state: "failed", exitCode: 143, signal: null }],
  ["death by SIGTERM", "kill -s TERM $$", { state: "failed", exitCode: null, signal: "SIGTERM" }],
  ["death by SIGKILL", "kill -s KILL $$", { state: "failed", exitCode: null, signal: "SIGKILL" }],
  ["death by SIGSEGV", "kill -s SEGV $$", { state: "failed", exitCode: null, signal: "SIGSEGV" }],
])("%s is told apart from every other end", async (_, body, end) => {
  expect(await sh(body)).toMatchObject(end);
});

test("an outcome has state, exitCode, signal, durationMs and argv, and a detail only where there is one", async () => {
  const argv = ["/bin/sh", "-c", "exit 0"];
  const { outcome } = await runner.run({ argv, timeoutMs: 5000 });
  expect(outcome).toEqual({ state: "ok", exitCode: 0, signal: null, durationMs: expect.any(Number) as number, argv });
  expect(Number.isInteger(outcome.durationMs)).toBe(true);
});

test("a command finds its stdin at its end, no signal ignored or blocked, and no descriptor of ours", async () => {
  const { detail } = await sh("cat; grep -E '^Sig(Ign|Blk)' /proc/self/status >&2; ls /proc/self/fd >&2");
  expect(detail!.match(/\t0+$/gm)).toHaveLength(2);
  // The fourth is that of ls, for the folder.
  expect(detail!.split("\n").slice(2)).toEqual(["0", "1", "2", "3"]);
});

test("a command may open its stderr by name", async () => {
  expect(await sh("echo by name > /dev/stderr; exit 1")).toMatchObject({ state: "failed", exitCode: 1, detail: "by name" });
});

test("a command inherits the environment and the caller's working folder", async () => {
  const { detail } = await sh(`pwd >&2; echo "$PATH" >&2`);
  expect(detail).toBe(`${process.cwd()}\n${process.env["PATH"]}`);
});

test("a command runs in the folder that is asked for", async () => {
  const { outcome } = await runner.run({ argv: ["/bin/sh", "-c", "pwd >&2"], timeoutMs: 5000, folder: scratch.path });
  expect(outcome.detail).toBe(scratch.path);
});

test("the detail is the last 400 characters of stderr, cut on a character", async () => {
  expect((await sh(`printf 'é%.0s' $(seq 500) >&2; printf 'end\n\n' >&2`)).detail).toBe(`${"é".repeat(397)}end`);
});

test("every word on stderr counts, however busy iapeer is when the command exits", async () => {
  const busy = setInterval(() => {
    for (const end = performance.now() + 25; performance.now() < end;);
  }, 1);
  try {
    for (let n = 0; n < 15; n += 1)
      expect((await sh("head -c 150000 /dev/zero | tr '\\0' x >&2; echo last >&2; sleep 30 & exit 1")).detail).toEndWith("last");
  } finally {
    clearInterval(busy);
  }
});

test("stdout is read up to its bound; a command that prints more is ended", async () => {
  const argv = ["/bin/sh", "-c", "printf 12345; sleep 0.05; printf 678"];
  expect(await runner.run({ argv, timeoutMs: 5000, stdoutBytes: 8 })).toMatchObject({
    stdout: "12345678",
    outcome: { state: "ok" },
  });
  const over = await runner.run({ argv, timeoutMs: 5000, stdoutBytes: 7 });
  expect(over).toMatchObject({ stdout: "1234567", outcome: { detail: "printed more than the 7 bytes that are read of it" } });
  const endless = await runner.run({
    argv: ["/bin/sh", "-c", "while :; do echo yes; done"],
    timeoutMs: 20_000,
    stdoutBytes: 1000,
  });
  expect(endless).toMatchObject({ outcome: { state: "failed", signal: "SIGTERM" } });
});

describe("a daemon that a successful command left behind", () => {
  const leaveDaemon = (body: string) => `${body} & echo $! > "$1/daemon"; exit 0`;

  test.each([
    ["holds its stderr", "sleep 15"],
    ["holds its stderr in a session of its own", "setsid sleep 15"],
    ["ignores SIGTERM", `(trap '' TERM; exec sleep 15)`],
    ["goes on writing", `(while sleep 0.01; do echo on; done >&2 & echo $! > "$1/writer"; exec sleep 15)`],
  ])("that %s is not waited for, and left alone", async (_, body) => {
    const outcome = await sh(leaveDaemon(body));
    expect(outcome).toMatchObject({ state: "ok", exitCode: 0 });
    expect(isRunning(readProcess(pidIn("daemon"))!)).toBe(true);
    endOwn(pidIn("daemon"), pidIn("writer"));
  });

  test("survives the ends of other runs of the same iapeer, at the same time and later, and iapeer's own end", async () => {
    const other = sh("sleep 15", 400);
    await sh(leaveDaemon("setsid sleep 15"));
    const daemon = readProcess(pidIn("daemon"))!;
    const later = await Promise.all([other, sh("trap '' TERM; sleep 15; sleep 15", 300), sh("exit 1")]);
    expect(later.map(({ state }) => state)).toEqual(["timeout", "timeout", "failed"]);
    expect(isRunning(daemon)).toBe(true);
    const guards = findGuards();
    runner.close();
    await until("the guard is gone", () => !guards.some(isRunning));
    expect(isRunning(daemon)).toBe(true);
    endOwn(daemon.pid);
  });

  test("is no process of a later run, even if that run's guard is a new one", async () => {
    await sh(leaveDaemon("setsid sleep 15"));
    const daemon = readProcess(pidIn("daemon"))!;
    const [guard] = findGuards();
    process.kill(guard!.pid, "SIGKILL");
    await until("a command has a new guard", async () => {
      await sh("exit 0");
      return findGuards().some((found) => found.pid !== guard!.pid);
    });
    const guards = findGuards();
    runner.close();
    await until("the guard is gone", () => !guards.some(isRunning));
    expect(isRunning(daemon)).toBe(true);
    endOwn(daemon.pid);
  });
});

test("a command may wait for the end of a daemon that an earlier one left behind", async () => {
  await sh(`setsid sleep 15 & echo $! > "$1/daemon"; exit 0`);
  const outcome = await sh(`pid=$(cat "$1/daemon"); kill $pid; while kill -0 $pid 2>/dev/null; do sleep 0.01; done`, 3000);
  expect(outcome.state).toBe("ok");
});

test("an outsider of the same name and arguments, child of this process, is never touched", async () => {
  const script = writeScript(scratch.at("twin"), "sleep 15; sleep 15");
  const twins = [true, false].map((detached) => Bun.spawn([script, "arg"], { detached, stdout: "ignore", stderr: "ignore" }));
  const { outcome } = await runner.run({ argv: [script, "arg"], timeoutMs: 200 });
  expect(outcome.state).toBe("timeout");
  expect(twins.map(({ pid }) => isRunning(readProcess(pid)!))).toEqual([true, true]);
  expect(twins.map((twin) => twin.exitCode ?? twin.signalCode)).toEqual([null, null]);
  twins.forEach((twin) =>
    endOwn(
      ...listProcesses()
        .filter(({ ppid }) => ppid === twin.pid)
        .map(({ pid }) => pid),
      twin.pid,
    ),
  );
});

test("a command whose exit falls on the deadline has one outcome, whichever it is", async () => {
  const limits = Array.from({ length: 24 }, (_, n) => 40 + n);
  const outcomes = await Promise.all(limits.map(async (timeoutMs) => await sh("sleep 0.05; echo out >&2", timeoutMs)));
  for (const { state, exitCode, signal } of outcomes) {
    if (state === "ok") expect([exitCode, signal]).toEqual([0, null]);
    else expect([state, exitCode === null]).toEqual(["timeout", signal !== null]);
  }
});

test("many runs leave no descriptor, child or zombie of ours behind", async () => {
  await sh("exit 0");
  const before = [countDescriptors(), countChildren()];
  for (let n = 0; n < 20; n += 1)
    await Promise.all([
      sh("echo x >&2"),
      sh("(sleep 0.01 &); exit 1"),
      runner.run({ argv: ["/bin/no"], timeoutMs: 1 }),
      sh("(sleep 9 &); sleep 9", 20),
    ]);
  await until(
    "all is as it was",
    async () => (await sh("exit 0"), countDescriptors() <= before[0]! && countChildren() <= before[1]!),
  );
});

test("a limit that is not reached is not waited for", async () => {
  expect(await sh("exit 0", 86_400_000)).toMatchObject({ state: "ok" });
});

function findGuards() {
  return listProcesses().filter(
    ({ pid, ppid }) => ppid === process.pid && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("__guard"),
  );
}

function countDescriptors(): number {
  return [...new Bun.Glob("*").scanSync({ cwd: "/proc/self/fd", onlyFiles: false })].length;
}

/** Dead ones included; not those of a run that succeeded, which are left alone. */
function countChildren(): number {
  return listProcesses().filter(({ ppid }) => ppid === process.pid).length;
}

/** Ends what this test started. */
function endOwn(...pids: readonly number[]): void {
  pids.filter((pid) => pid > 1).forEach((pid) => process.kill(pid, "SIGKILL"));
}
