import { describe, expect, test } from "bun:test";
import { closeSync, existsSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isRunning } from "../../src/core/process/processes.ts";
import { readForensics } from "../../src/status/deaths/deaths.ts";
import { isKernelLogReadable, openMemoryFolder } from "../support/memory-cgroup.ts";
import { watchServer, type WatchedServer } from "../support/recorder.ts";
import { until } from "../support/sandbox.ts";

async function recordOf(watched: WatchedServer): Promise<Record<string, string>> {
  await until("the recorder is gone", () => !isRunning(watched.recorder));
  expect(watched.exits()).toHaveLength(1);
  return watched.exits()[0]!;
}

describe("what its parent saw is a fact", () => {
  test.each([
    ["SIGKILL", "KILL", "killed"],
    ["SIGSEGV", "SEGV", "crashed"],
    ["SIGABRT", "ABRT", "crashed"],
    ["SIGBUS", "BUS", "crashed"],
  ] as const)("%s", async (sent, signal, verdict) => {
    await using watched = await watchServer({ witness: "parent" });
    process.kill(watched.server.pid, sent);
    expect(await recordOf(watched)).toMatchObject({ signal, verdict });
  });

  test("SIGTERM is an orderly end, and no signal", async () => {
    await using watched = await watchServer({ witness: "parent" });
    process.kill(watched.server.pid, "SIGTERM");
    const record = await recordOf(watched);
    expect(record).toMatchObject({ verdict: "orderly-exit", wait_rc: "0" });
    expect(record["signal"]).toBeUndefined();
  });
});

const memoryFolder = openMemoryFolder(30_000_000);

describe.skipIf(memoryFolder === undefined || !isKernelLogReadable)("a server that the kernel really killed for memory", () => {
  test.each(["parent", "client"] as const)("is an oom-kill, seen by a %s, since the kernel's log names it", async (witness) => {
    // A loaded machine needs longer than the usual grace to read the kernel's log.
    await using watched = await watchServer({ witness, graceMs: 2000 });
    writeFileSync(join(memoryFolder!, "cgroup.procs"), String(watched.server.pid));
    writeFileSync(`/proc/${watched.server.pid}/oom_score_adj`, "1000");
    const hog = Bun.spawn(["sh", "-c", `echo $$ >'${memoryFolder!}/cgroup.procs'; exec tail /dev/zero`], {
      stdin: "ignore",
      stdout: "ignore",
      stderr: "ignore",
      timeout: 10_000,
      killSignal: "SIGKILL",
    });
    const record = await recordOf(watched);
    await hog.exited;
    expect(record).toMatchObject({ verdict: "oom-kill", signal: "KILL" });
    expect(readForensics(record["forensics"]!)!.reasons.join()).toContain(`Killed process ${watched.server.pid} (tmux: server)`);
  });
});

/**
 * A mount namespace in which a file of ours stands for /proc/vmstat, and a pid namespace, where the kernel's log names nobody
 * that we know: then the counters are all there is.
 */
function withReplayedCounters(folder: string): string[] {
  const inside = `mount --bind '${folder}/vmstat' /proc/vmstat && exec "$@"`;
  return ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--", "sh", "-c", inside, "sh"];
}

const mayUnshare = Bun.spawnSync(["unshare", "--mount", "--pid", "--fork", "--mount-proc", "true"]).success;

describe.skipIf(!mayUnshare || process.platform !== "linux")("where the kernel's log cannot tell", () => {
  test.each([
    ["a counter that rose", 4, "oom-kill", /went from 3 to 4/],
    ["a counter that did not move", 3, "killed", /counters have not moved/],
  ] as const)("%s decides", async (_, after, verdict, reason) => {
    const folder = `/tmp/iap-vmstat-${process.pid}-${after}`;
    mkdirSync(folder);
    const counters = (kills: number) => {
      // In place: the mount is of this very file.
      const fd = openSync(join(folder, "vmstat"), "w");
      writeFileSync(fd, `nr_free_pages 1\noom_kill ${kills}\n`);
      closeSync(fd);
    };
    counters(3);
    // Without a cgroup whose own counter would say more.
    const noCgroup = (script: string) => script.replace(/^find_memory_folder\(\) \{$/m, "$&\n\treturn 0");
    const counted = join(folder, "counted");
    const change = (script: string) => noCgroup(script).replace(/^\tremember_counters$/m, `$&\n\t: >'${counted}'`);
    await using watched = await watchServer({ witness: "parent", through: withReplayedCounters(folder), change });
    await until("it has read the counters", () => existsSync(counted));
    counters(after);
    process.kill(watched.server.pid, "SIGKILL");
    const record = await recordOf(watched);
    expect(record).toMatchObject({ verdict, signal: "KILL" });
    expect(readForensics(record["forensics"]!)!.reasons.join()).toMatch(reason);
  });
});
