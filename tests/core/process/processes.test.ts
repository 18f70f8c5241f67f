import { describe, expect, test } from "bun:test";
import { parseFileLocksLimit, parseProcessTable, parseProcStat } from "../../../src/core/process/process-table.ts";
import { isPid, isRunning, listProcesses, readProcess } from "../../../src/core/process/processes.ts";
import { secsSinceStart } from "../../../src/core/process/boot-id.ts";
import { until } from "../../support/sandbox.ts";

const stat = (name: string, state = "S") =>
  `42 (${name}) ${state} 7 41 40 0 -1 4194304 101 0 0 0 1 2 0 0 20 0 1 0 5555 1000 100 18446744073709551615`;

describe("/proc/PID/stat", () => {
  test.each(["sh", "tmux: server", "a) S 1 1 1 (b", ")", "", "\n", "(((("])(
    "is read right when the process is called %j",
    (name) => {
      expect(parseProcStat(stat(name))).toEqual({ pid: 42, start: "5555", ppid: 7, pgid: 41, sid: 40, isZombie: false });
    },
  );

  test.each([
    ["Z", true],
    ["X", true],
    ["S", false],
    ["T", false],
    ["D", false],
  ])("in state %s is a zombie's: %p", (state, isZombie) => {
    expect(parseProcStat(stat("x", state))?.isZombie).toBe(isZombie);
  });

  test.each(["", "42", "42 (x", "42 (x) S 1 2", "x (y) S 7"])("of a torn kind gives nobody: %j", (text) => {
    expect(parseProcStat(text)).toBeUndefined();
  });
});

test.each([
  ["5555", 60.5, 4.95],
  ["5555", 55, 0],
  ["5555", undefined, undefined],
  ["Fri Nov 21 04:05:06 2025", 60, undefined],
  ["", 60, undefined],
])("a process of start %j at an uptime of %p s has run %p s", (start, uptime, secs) => {
  const found = secsSinceStart(start, uptime);
  expect(found === undefined ? undefined : Math.round(found * 100) / 100).toBe(secs);
});

test("a row of macOS ps is read with its start of five words", () => {
  const rows = parseProcessTable(
    "  501     1   501 Ss   Fri Nov 21 04:05:06 2025\n  77   501    77 Z+   Fri Nov 21 04:05:07 2025\n\n",
  );
  expect(rows).toEqual([
    { pid: 501, ppid: 1, pgid: 501, sid: undefined, isZombie: false, start: "Fri Nov 21 04:05:06 2025" },
    { pid: 77, ppid: 501, pgid: 77, sid: undefined, isZombie: true, start: "Fri Nov 21 04:05:07 2025" },
  ]);
});

test("the limit on file locks is a number or none", () => {
  expect(parseFileLocksLimit("Max file locks            unlimited            unlimited            locks     \n")).toBeUndefined();
  expect(
    parseFileLocksLimit("Max cpu time 1 2 s\nMax file locks            77                   unlimited            locks     \n"),
  ).toBe(77n);
});

describe("a stored pid", () => {
  test.each([Number.NaN, 0, -1, 1, 2 ** 31, 2 ** 32 + 5, 1.5, Infinity, "42", null, undefined, {}])("%p is none", (value) => {
    expect(isPid(value)).toBe(false);
    expect(readProcess(value as number)).toBeUndefined();
  });

  test.each([2, 4242, 2 ** 31 - 1])("%p may be one", (value) => {
    expect(isPid(value)).toBe(true);
  });
});

describe("a process", () => {
  test("runs as long as it lives, and not as a zombie, and not with another start", async () => {
    const child = Bun.spawn(["sleep", "30"]);
    const found = readProcess(child.pid)!;
    expect(found).toMatchObject({ pid: child.pid, ppid: process.pid, isZombie: false });
    expect(listProcesses().some(({ pid, start }) => pid === child.pid && start === found.start)).toBe(true);
    expect(isRunning(found)).toBe(true);
    expect(isRunning({ pid: found.pid, start: `${found.start}1` })).toBe(false);
    child.kill("SIGKILL");
    await child.exited;
    expect(isRunning(found)).toBe(false);
  });

  test("that is dead and not yet waited for does not run", async () => {
    // The shell starts a child and becomes a sleep that never waits for it.
    const parent = Bun.spawn(["sh", "-c", "sleep 0 & echo $!; exec sleep 30"], { stdout: "pipe" });
    try {
      const { value } = await parent.stdout.getReader().read();
      const pid = Number(new TextDecoder().decode(value));
      await until("the child is a zombie", () => readProcess(pid)?.isZombie === true);
      expect(isRunning(readProcess(pid)!)).toBe(false);
    } finally {
      parent.kill("SIGKILL");
      await parent.exited;
    }
  });
});
