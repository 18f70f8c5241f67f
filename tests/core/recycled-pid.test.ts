import { expect, test } from "bun:test";
import { join } from "node:path";

const SIGNALS = join(import.meta.dir, "../../src/core/process/signals.ts");
const PROCESSES = join(import.meta.dir, "../../src/core/process/processes.ts");

/** Runs in a pid namespace of its own, where the next pid can be chosen. */
const SCRIPT = `
  const { signalGroup, signalProcess } = await import(${JSON.stringify(SIGNALS)});
  const { readProcess } = await import(${JSON.stringify(PROCESSES)});
  const { writeFileSync } = await import("node:fs");
  const sleeper = () => Bun.spawn(["sleep", "60"], { detached: true, stdin: "ignore", stdout: "ignore", stderr: "ignore" });

  const first = sleeper();
  const old = readProcess(first.pid);
  first.kill("SIGKILL");
  await first.exited;

  // A start has a resolution of 10 ms: the two must not be of one tick.
  await Bun.sleep(50);
  let second;
  for (let tries = 0; second?.pid !== old.pid && tries < 50; tries += 1) {
    second?.kill("SIGKILL");
    await second?.exited;
    writeFileSync("/proc/sys/kernel/ns_last_pid", String(old.pid - 1));
    second = sleeper();
  }
  const sent = [signalProcess(old, "SIGKILL"), signalGroup(old, "SIGKILL")];
  await Bun.sleep(100);
  console.log(JSON.stringify({ isSamePid: second.pid === old.pid, sent, isAlive: second.exitCode === null && second.signalCode === null }));
  second.kill("SIGKILL");
`;

const UNSHARE = ["unshare", "--fork", "--pid", "--kill-child", "--mount-proc"];
const canUnshare = Bun.spawnSync([...UNSHARE, "sh", "-c", "echo 1 > /proc/sys/kernel/ns_last_pid"], {
  stdin: "ignore",
  stderr: "ignore",
}).success;

test.skipIf(!canUnshare)("a recycled pid is never signalled, neither alone nor by its group", async () => {
  const child = Bun.spawn([...UNSHARE, process.execPath, "-e", SCRIPT], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: 20_000,
  });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  expect(stderr).toBe("");
  expect(JSON.parse(stdout)).toEqual({ isSamePid: true, sent: [false, false], isAlive: true });
});
