import { expect, test } from "bun:test";
import { isRunning, readProcess } from "../../../src/core/process/processes.ts";
import { signalGroup, signalProcess } from "../../../src/core/process/signals.ts";

function startSleep() {
  const child = Bun.spawn(["/bin/sleep", "15"], { detached: true, stdin: "ignore", stdout: "ignore", stderr: "ignore" });
  return { child, info: readProcess(child.pid)! };
}

test("a signal reaches the process that is meant", async () => {
  const { child, info } = startSleep();
  expect(signalProcess(info, "SIGTERM")).toBe(true);
  await child.exited;
  expect(child.signalCode).toBe("SIGTERM");
  expect(signalProcess(info, "SIGTERM")).toBe(false);
});

test("a process with the same pid and another start is never signalled, alone or by its group", () => {
  const { child, info } = startSleep();
  const before = { ...info, start: String(Number(info.start) - 1) };
  expect(signalProcess(before, "SIGKILL")).toBe(false);
  expect(signalGroup(before, "SIGKILL")).toBe(false);
  expect(isRunning(info)).toBe(true);
  child.kill("SIGKILL");
});

test("a process that has left its group does not get that group signalled", () => {
  const { child, info } = startSleep();
  expect(signalGroup({ ...info, pgid: info.pgid + 1 }, "SIGKILL")).toBe(false);
  expect(isRunning(info)).toBe(true);
  child.kill("SIGKILL");
});

test.each([0, -1, 1, Number.NaN, 2 ** 31, 1.5, process.pid])(
  "pid %p is refused before any kill: a group, init, nobody or ourselves",
  (pid) => {
    const start = readProcess(process.pid)!.start;
    expect(signalProcess({ pid, start }, "SIGKILL")).toBe(false);
    expect(signalGroup({ pid, start, ppid: 1, pgid: pid, sid: pid, isZombie: false }, "SIGKILL")).toBe(false);
  },
);

test("a zombie is not signalled", async () => {
  const parent = Bun.spawn(["/bin/sh", "-c", "sleep 0.01 & echo $!; exec sleep 15"], { stdin: "ignore", stdout: "pipe" });
  const { value } = await parent.stdout.getReader().read();
  const pid = Number(new TextDecoder().decode(value));
  for (let found = readProcess(pid); found !== undefined && !found.isZombie; found = readProcess(pid)) await Bun.sleep(5);
  expect(readProcess(pid)).toMatchObject({ isZombie: true });
  expect(signalProcess(readProcess(pid)!, "SIGKILL")).toBe(false);
  parent.kill("SIGKILL");
});
