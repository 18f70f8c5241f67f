import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { isRunning, readProcess } from "../../src/core/process/processes.ts";
import type { Scratch } from "./scratch.ts";
import { writeScript } from "./script-file.ts";

/**
 * Commands that are hard to end. Each process writes its pid into the file $1 and sleeps a few seconds at most, so that none
 * outlives a failed test by much. `pids` is how many write theirs.
 */
export const HARD_TREES = {
  "one that ignores SIGTERM, as its child does": {
    pids: 2,
    body: `trap '' TERM; echo $$ >> "$1"; sleep 18 & echo $! >> "$1"; wait; sleep 18`,
  },
  "a group whose leader goes at SIGTERM": {
    pids: 2,
    body: `(trap '' TERM; sleep 18 & echo $! >> "$1"; wait) & trap 'exit 0' TERM; echo $$ >> "$1"; wait`,
  },
  "a child in a session of its own": {
    pids: 2,
    body: `setsid sh -c 'trap "" TERM; echo $$ >> "$1"; sleep 18; sleep 18' MARKER "$1" & echo $$ >> "$1"; wait`,
  },
  "a double fork with an empty environment": {
    pids: 3,
    body: `(setsid env -i /bin/sh -c 'trap "" TERM; echo $$ >> "$1"; (/bin/sleep 18 & echo $! >> "$1"); exec /bin/sleep 18' MARKER "$1" &); echo $$ >> "$1"; exec sleep 18`,
  },
  "a double fork that has closed its files and changed its folder": {
    pids: 2,
    body: `(setsid sh -c 'cd /; echo $$ >> "$1"; exec sleep 18' MARKER "$1" <&- >/dev/null 2>&1 &); echo $$ >> "$1"; exec sleep 18`,
  },
  "one that stops itself": {
    pids: 1,
    body: `echo $$ >> "$1"; kill -s STOP $$; sleep 18`,
  },
  "one that ignores SIGTERM and stops itself and its child": {
    pids: 2,
    body: `trap '' TERM; sleep 18 & echo $! >> "$1"; kill -s STOP $!; echo $$ >> "$1"; kill -s STOP $$`,
  },
  "one that starts another in a new session when it gets SIGTERM": {
    pids: 1,
    body: `trap '(setsid env -i /bin/sh -c "trap \\"\\" TERM; echo \\$\\$ >> \\"\\$1\\"; sleep 18; sleep 18" MARKER "$1" &); exit 0' TERM; echo $$ >> "$1"; sleep 18 & wait`,
  },
} as const satisfies Record<string, { readonly pids: number; readonly body: string }>;

/** Doubles itself so often in new sessions, ignoring SIGTERM, and sleeps: 2^(depth + 1) - 1 processes at most. */
const STORM = `trap '' TERM
if [ "$2" -gt 0 ]; then setsid "$0" "$1" $(($2 - 1)) & "$0" "$1" $(($2 - 1)) & fi
echo $$ >> "$1"; exec sleep 12`;

/** A command whose processes can be found again, by more than one trace. */
export interface TracedCommand {
  readonly argv: readonly string[];
  /** The working folder to run it in: one of the traces. */
  readonly folder: string;
  /** How many of its processes have told their pid. */
  count(): number;
  /** What is left of it, in words; empty when nothing is. */
  survivors(): string[];
}

/** The folder that the command runs in and keeps its pids in. */
type Place = Pick<Scratch, "path" | "at">;

export function traceHardTree(place: Place, title: keyof typeof HARD_TREES): TracedCommand {
  return trace(place, HARD_TREES[title].body, []);
}

export function traceStorm(place: Place, depth: number): TracedCommand {
  return trace(place, STORM, [String(depth)]);
}

/** A script of one's own: its first argument is the file for its pids. */
export function trace(place: Place, body: string, args: readonly string[]): TracedCommand {
  const marker = `traced-${crypto.randomUUID()}`;
  const pids = place.at("pids");
  const script = writeScript(place.at(marker), body.replaceAll("MARKER", marker));
  const told = () => readLines(pids).map(Number);
  return {
    argv: [script, pids, ...args],
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

interface Traces {
  readonly marker: string;
  readonly own: ReadonlySet<number>;
  readonly folder: string;
}

/** A living process that bears one of the traces: the marker in its arguments or environment, a pid that was told, the folder. */
function describe(pid: number, { marker, own, folder }: Traces): string[] {
  const found = readProcess(pid);
  if (pid === process.pid || found === undefined || found.isZombie) return [];
  const command = readProc(pid, "cmdline");
  // A number that was told may be another process by now; ours are all shells and sleeps.
  const isTold = own.has(pid) && /sleep|sh/.test(command);
  const bears =
    command.includes(marker) || readProc(pid, "environ").includes(marker) || isTold || readFolder(pid).startsWith(folder);
  return bears && isRunning(found) ? [`${pid} ${command.replaceAll("\0", " ")}`] : [];
}

function readProc(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "latin1");
  } catch {
    // Gone meanwhile, or another user's.
    return "";
  }
}

function readFolder(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    // Gone meanwhile, or another user's.
    return "";
  }
}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, "utf8")
      .split("\n")
      .filter((line) => line !== "");
  } catch {
    // Nobody has written yet.
    return [];
  }
}
