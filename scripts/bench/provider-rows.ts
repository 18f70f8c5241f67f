import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createRunner } from "../../src/core/process/runner.ts";
import { fillRegistry, time, writeScript } from "./rig.ts";
import { type Bench, type Row, takeTurns, type World } from "./row.ts";

/** One run through the runner of this process, against one plain spawn of the same program. */
const overhead: Row = {
  name: "overhead",
  claim: "one provider run of /bin/true",
  against: "Bun.spawn of it",
  unit: "ms",
  bound: { kind: "difference", most: 2 },
  measure: async ({ binary }) => {
    const argv = [Bun.which("true")!];
    const runner = createRunner({ argv: [binary], env: process.env });
    // The first run starts the guard, once for all runs of a command.
    await runner.run({ argv, timeoutMs: 10_000 });
    const timed = async (work: () => Promise<unknown>) => {
      const startMs = performance.now();
      await work();
      return performance.now() - startMs;
    };
    try {
      return await takeTurns({
        rounds: 301,
        measured: async () => await timed(async () => await runner.run({ argv, timeoutMs: 10_000 })),
        baseline: async () => await timed(async () => await Bun.spawn(argv, { stdio: ["ignore", "ignore", "ignore"] }).exited),
      });
    } finally {
      runner.close();
    }
  },
};

const PEERS = 40;

const sweep: Row = {
  name: "sweep",
  claim: `memory-plugin on --all --jobs 8, ${PEERS} peers`,
  against: "--jobs 1",
  unit: "s",
  bound: { kind: "speedup", least: 6 },
  measure: async (bench) => {
    const world = bench.world();
    fillRegistry(world, PEERS);
    for (let n = 0; n < PEERS; n += 1) await Bun.write(join(world.folder, `peer-${String(n).padStart(5, "0")}`, ".keep"), "");
    declare(world, writeScript(world, "provider", "exec sleep 0.25"));
    const sweepWith = async (jobs: number) =>
      (await time([bench.binary, "memory-plugin", "on", "--all", "--jobs", String(jobs)], world.env)) / 1000;
    return await takeTurns({ rounds: 3, measured: async () => await sweepWith(8), baseline: async () => await sweepWith(1) });
  },
};

function declare({ root }: World, command: string): void {
  const slot = {
    provider: "bench",
    package: "bench",
    version: "1",
    provision: { command, args: [] },
    unprovision: { command, args: [] },
  };
  writeFileSync(join(root, "memory-provider.json"), JSON.stringify(slot), { mode: 0o600 });
}

const GIGABYTE = 1024 ** 3;

const flood: Row = {
  name: "flood",
  claim: "a run that prints 1 GB, peak memory",
  against: "a quiet run",
  unit: "MB",
  bound: { kind: "difference", most: 32 },
  measure: async (bench) => {
    const { env } = bench.world();
    // The kernel drops stdout, and iapeer reads stderr.
    const loud = `head -c ${GIGABYTE} /dev/zero >&2`;
    return await takeTurns({
      rounds: 3,
      measured: async () => await measurePeak(execArgv(bench, ["/bin/sh", "-c", loud]), env),
      baseline: async () => await measurePeak(execArgv(bench, ["sleep", "0.1"]), env),
    });
  },
};

const LIMIT_MS = 1000;

const timeout: Row = {
  name: "timeout",
  claim: `a ${LIMIT_MS / 1000} s limit, a tree that ignores TERM`,
  against: "the limit",
  unit: "s",
  bound: { kind: "difference", most: 3 },
  measure: async (bench) => {
    const { env } = bench.world();
    const stubborn = [join(import.meta.dir, "stubborn.sh")];
    return await takeTurns({
      rounds: 3,
      measured: async () => (await time(execArgv(bench, stubborn, LIMIT_MS), env, 6)) / 1000,
      baseline: () => LIMIT_MS / 1000,
    });
  },
};

function execArgv({ binary }: Bench, command: readonly string[], timeoutMs = 60_000): string[] {
  const options = { cwd: "/", runtime: "claude", personality: "bench", occasion: "birth", "timeout-ms": String(timeoutMs) };
  const told = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
  return [binary, "provision", "exec", ...told, "--", ...command];
}

const MEGABYTE = 1024 * 1024;
const POLL_MS = 2;

/**
 * The most memory that a program held. On Linux that is VmHWM (proc_pid_status(5)), read until the program is gone: getrusage(2)
 * also counts what this process had when it forked. Elsewhere it is getrusage.
 */
async function measurePeak(argv: readonly string[], env: Record<string, string>): Promise<number> {
  const child = Bun.spawn([...argv], { env, stdio: ["ignore", "ignore", "ignore"] });
  let peakBytes = 0;
  while (process.platform === "linux" && child.exitCode === null) {
    peakBytes = readPeak(child.pid) ?? peakBytes;
    await Bun.sleep(POLL_MS);
  }
  if ((await child.exited) !== 0) throw new Error(`${argv.join(" ")} exited with ${child.exitCode}`);
  return (process.platform === "linux" ? peakBytes : child.resourceUsage()!.maxRSS) / MEGABYTE;
}

function readPeak(pid: number): number | undefined {
  try {
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  } catch {
    // The program has just ended.
    return undefined;
  }
}

export const PROVIDER_ROWS: readonly Row[] = [overhead, sweep, flood, timeout];
