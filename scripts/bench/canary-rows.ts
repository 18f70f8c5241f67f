import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ProcessId } from "../../src/core/process/process-table.ts";
import { listProcesses } from "../../src/core/process/processes.ts";
import { signalProcess } from "../../src/core/process/signals.ts";
import { type LiveWorld, loseRecorders, namesIn, openLiveWorld } from "./live-world.ts";
import { type Bench, median, type Row } from "./row.ts";

const REST_SECS = 60;
const MS_PER_TICK = 10;
const KILOBYTES = 1024;

/** Measures the processes of a recorder that is its server's parent, and of one that waits through a client. */
async function measureBoth(
  bench: Bench,
  measure: (pids: readonly number[]) => Promise<number>,
): Promise<Record<"parent" | "client", number>> {
  await using parents = await openLiveWorld(bench, { peers: 1, live: 1 });
  await using clients = await openLiveWorld(bench, { peers: 1, live: 1 });
  await loseRecorders(clients);
  await clients.iapeer("supervise", "--once");
  const [parent, client] = await Promise.all([parents, clients].map((world) => measure(recorderProcesses(world))));
  return { parent: parent!, client: client! };
}

/** The recorder and its children, except for the server. */
function recorderProcesses(world: LiveWorld): number[] {
  const [identity] = world.identities as [string];
  const recorder = world.recorderOf(identity).pid;
  const server = world.serverOf(identity).pid;
  return [
    recorder,
    ...listProcesses()
      .filter(({ ppid, pid }) => ppid === recorder && pid !== server)
      .map(({ pid }) => pid),
  ];
}

/** Fields 14 to 17 of /proc/PID/stat: its own time and that of the children it waited for, in ticks. */
export function readCpuMs(pids: readonly number[]): number {
  const ticks = pids.map((pid) => {
    const fields = readFileSync(`/proc/${pid}/stat`, "latin1")
      .replace(/^.*\) /s, "")
      .split(" ");
    return [11, 12, 13, 14].reduce((sum, field) => sum + Number(fields[field]), 0);
  });
  return ticks.reduce((sum, one) => sum + one, 0) * MS_PER_TICK;
}

const rest: Row = {
  name: "canary-rest",
  claim: `CPU of two canaries at rest over ${REST_SECS} s`,
  against: "of their minute",
  unit: "ms",
  bound: { kind: "most", most: 0 },
  measure: async (bench) => {
    const { parent, client } = await measureBoth(bench, async (pids) => {
      // Both shells wait by then.
      await Bun.sleep(1000);
      const before = readCpuMs(pids);
      await Bun.sleep(REST_SECS * 1000);
      return readCpuMs(pids) - before;
    });
    return { measured: parent + client, baseline: REST_SECS * 1000 };
  },
};

/** Proportional set size (proc_pid_smaps(5)): what a process would free, its share of shared pages included. */
function readPssMegabytes(pids: readonly number[]): number {
  const kilobytes = pids.map((pid) => Number(/^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1]));
  return kilobytes.reduce((sum, one) => sum + one, 0) / KILOBYTES;
}

const memory: Row = {
  name: "canary-memory",
  claim: "memory (PSS) of a canary that waits through a client",
  against: "of one that is the parent",
  unit: "MB",
  bound: { kind: "most", most: 1.5 },
  measure: async (bench) => {
    const { parent, client } = await measureBoth(bench, async (pids) => readPssMegabytes(pids));
    return { measured: client, baseline: parent };
  },
};

const ROUNDS = 9;
const GRACE_MS = 2000;

/** Kills servers one after another, and measures how long something takes to be there. */
async function timeDeaths(
  bench: Bench,
  isThere: (world: LiveWorld, server: ProcessId, identity: string) => boolean,
): Promise<number> {
  await using world = await openLiveWorld(bench, { peers: ROUNDS, live: ROUNDS });
  const took: number[] = [];
  for (const identity of world.identities) {
    const server = world.serverOf(identity);
    const startMs = performance.now();
    signalProcess(server, "SIGKILL");
    while (!isThere(world, server, identity)) await Bun.sleep(1);
    took.push(performance.now() - startMs);
  }
  return median(took);
}

const evidence: Row = {
  name: "canary-evidence",
  claim: "a server's death, until its evidence is on disk",
  against: "the grace",
  unit: "ms",
  bound: { kind: "most", most: 150 },
  measure: async (bench) => ({ measured: await timeDeaths(bench, hasEvidence), baseline: GRACE_MS }),
};

/** The last section begins when all others are written. */
function hasEvidence({ root }: LiveWorld, _server: ProcessId, identity: string): boolean {
  const folder = join(root, "state", "iapeer", "lifecycle");
  const own = namesIn(folder).filter((name) => name.startsWith(`${identity}.`));
  const files = own.map((name) => join(folder, name, "evidence")).filter((path) => existsSync(path));
  return files.some((path) => readFileSync(path, "utf8").includes("\n== limits =="));
}

const record: Row = {
  name: "canary-record",
  claim: "a server's death, until its record is in exits.log",
  against: "the grace",
  unit: "ms",
  bound: { kind: "difference", most: 300 },
  measure: async (bench) => ({ measured: await timeDeaths(bench, isRecorded), baseline: GRACE_MS }),
};

function isRecorded({ root }: LiveWorld, server: ProcessId): boolean {
  const log = join(root, "logs", "iapeer", "exits.log");
  return (
    namesIn(join(root, "logs", "iapeer")).includes("exits.log") &&
    readFileSync(log, "utf8").includes(` server_pid=${server.pid} `)
  );
}

export const CANARY_ROWS: readonly Row[] = [rest, memory, evidence, record];
