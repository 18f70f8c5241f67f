import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { isRunning, readProcess } from "../../src/core/process/processes.ts";
import { fixture } from "./fixtures.ts";
import type { Scratch } from "./scratch.ts";
import { writeProgram } from "./script-file.ts";

/**
 * Commands that are hard to end, by the fixture that is run. Each process writes its pid into the file $1, and sleeps some seconds
 * at most, so that none outlives a failed test by much. `pids` is how many processes write theirs.
 */
export const HARD_TREES = {
  "one that ignores SIGTERM, as its child does": { program: "ignores-sigterm.sh", pids: 2 },
  "a group whose leader goes at SIGTERM": { program: "leader-goes.sh", pids: 2 },
  "a child in a session of its own": { program: "own-session.sh", pids: 2 },
  "a double fork with an empty environment": { program: "empty-environment.sh", pids: 3 },
  "a double fork that has closed its files and changed its folder": { program: "closed-files.sh", pids: 2 },
  "one that stops itself": { program: "stops-itself.sh", pids: 1 },
  "one that ignores SIGTERM and stops itself and its child": { program: "stops-all.sh", pids: 2 },
  "one that starts another in a new session when it gets SIGTERM": { program: "starts-another.sh", pids: 1 },
} as const satisfies Record<string, { readonly program: string; readonly pids: number }>;

/** A command whose processes can be found again, by more than one trace. */
export interface TracedCommand {
  readonly argv: readonly string[];
  /** The working folder to run it in: one of the traces. */
  readonly folder: string;
  /** How many of its processes have written their pid. */
  count(): number;
  /** The processes of it that still run; empty when there is none. */
  survivors(): string[];
}

/** The folder that the command runs in and keeps its pids in. */
type Place = Pick<Scratch, "path" | "at">;

export function traceHardTree(place: Place, title: keyof typeof HARD_TREES): TracedCommand {
  return traceTree(place, HARD_TREES[title].program);
}

/** A program of tests/fixtures/trees, run by a name that none else has. Its first argument is the file for its pids. */
export function traceTree(place: Place, program: string, ...args: readonly string[]): TracedCommand {
  const marker = `traced-${crypto.randomUUID()}`;
  const pids = place.at("pids");
  const told = () => readLines(pids).map(Number);
  return {
    argv: [bringTree(place, program, marker), pids, ...args],
    folder: place.path,
    count: () => told().length,
    survivors: () => {
      const own = new Set(told());
      return readdirSync("/proc")
        .filter((name) => /^[1-9][0-9]*$/.test(name))
        .map(Number)
        .flatMap((pid) => describe(pid, { marker, own, folder: place.path }));
    },
  };
}

/** Copies such a program into a place, under another name. */
function bringTree(place: Place, program: string, name: string): string {
  return writeProgram(place.at(name), readFileSync(fixture(`trees/${program}`)));
}

interface Traces {
  readonly marker: string;
  readonly own: ReadonlySet<number>;
  readonly folder: string;
}

/** A living process with one of the traces: the marker in its arguments or environment, a written pid, or the folder. */
function describe(pid: number, { marker, own, folder }: Traces): string[] {
  const found = readProcess(pid);
  if (pid === process.pid || found === undefined || found.isZombie) return [];
  const command = readProc(pid, "cmdline");
  // Another process may have a pid that was written down. Ours are shells and sleeps.
  const isTold = own.has(pid) && /sleep|sh/.test(command);
  const bears =
    command.includes(marker) || readProc(pid, "environ").includes(marker) || isTold || readFolder(pid).startsWith(folder);
  return bears && isRunning(found) ? [`${pid} ${command.replaceAll("\0", " ")}`] : [];
}

function readProc(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "latin1");
  } catch {
    // The process has ended, or belongs to another user.
    return "";
  }
}

function readFolder(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    // The process has ended, or belongs to another user.
    return "";
  }
}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, "utf8")
      .split("\n")
      .filter((line) => line !== "");
  } catch {
    // No process has written yet.
    return [];
  }
}
