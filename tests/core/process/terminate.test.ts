import { expect, test } from "bun:test";
import { readProcess } from "../../../src/core/process/processes.ts";
import { terminate } from "../../../src/core/process/terminate.ts";

/** A shell that has said that it is ready. */
async function startShell(script: string) {
  const child = Bun.spawn(["/bin/sh", "-c", `${script}; echo ready; while :; do sleep 0.05; done`], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const reader = child.stdout.getReader();
  await reader.read();
  reader.releaseLock();
  const { pid, start } = readProcess(child.pid)!;
  return { child, id: { pid, start } };
}

const LONG = { termMs: 10_000, killMs: 10_000 };

test("a process ends by TERM, and a stopped one too", async () => {
  const [willing, stopped] = await Promise.all([startShell(":"), startShell(":")]);
  process.kill(stopped.id.pid, "SIGSTOP");
  expect(await terminate([willing.id, stopped.id], LONG)).toEqual([]);
  await Promise.all([willing.child.exited, stopped.child.exited]);
  expect([willing.child.signalCode, stopped.child.signalCode]).toEqual(["SIGTERM", "SIGTERM"]);
});

test("a process that ignores TERM ends by KILL", async () => {
  const { child, id } = await startShell("trap '' TERM");
  expect(await terminate([id], { termMs: 50, killMs: 10_000 })).toEqual([]);
  await child.exited;
  expect(child.signalCode).toBe("SIGKILL");
});

test("a process that ends within the patience gets no signal", async () => {
  const child = Bun.spawn(["/bin/sh", "-c", "exit 7"]);
  const { pid, start } = readProcess(child.pid)!;
  expect(await terminate([{ pid, start }], { ...LONG, patienceMs: 10_000 })).toEqual([]);
  expect([await child.exited, child.signalCode]).toEqual([7, null]);
});

test("another process with the same pid is left alone", async () => {
  const { child, id } = await startShell(":");
  expect(await terminate([{ ...id, start: "0" }], LONG)).toEqual([]);
  expect(child.exitCode).toBeNull();
  child.kill("SIGKILL");
  await child.exited;
});
