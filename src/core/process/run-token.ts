import { readFileSync } from "node:fs";
import { readLimit, writeLimit } from "../libc.ts";
import { parseFileLocksLimit } from "./process-table.ts";
import { randomHex } from "../text/random.ts";

/**
 * How a run's processes are known on Linux, wherever they hide: the soft RLIMIT_LOCKS.
 *
 * A resource limit is inherited over fork and exec, and neither setsid, a double fork nor `env -i` sheds it.
 * This one has had no effect since Linux 2.4.25 (getrlimit(2)), anyone may lower its soft value, and
 * anyone may read it in /proc/PID/limits. So each run is started under a number that nobody else has.
 */
const RLIMIT_LOCKS = 10;

/** A run's number: 40 random bits of this process, then 20 bits that count its runs. */
export type RunToken = bigint;

const COUNTER_BITS = 20n;

/** The random part, shared by all runs of one process. */
export function newTokenFamily(): bigint {
  return BigInt(`0x${randomHex(5)}`) | (1n << 39n);
}

export function tokenOf(family: bigint, run: number): RunToken {
  return (family << COUNTER_BITS) | BigInt(run % 2 ** Number(COUNTER_BITS));
}

export function isOfFamily(token: RunToken, family: bigint): boolean {
  return token >> COUNTER_BITS === family;
}

/** The number a process carries; undefined when it has none, is gone, or the platform has no such thing. */
export function readToken(pid: number): RunToken | undefined {
  try {
    return parseFileLocksLimit(readFileSync(`/proc/${pid}/limits`, "latin1"));
  } catch {
    // Gone, or not Linux.
    return undefined;
  }
}

/** Does one synchronous thing, a spawn, while this process carries the token; its children keep it. */
export function underToken<T>(token: RunToken, spawn: () => T): T {
  if (process.platform !== "linux") return spawn();
  const before = readLimit(RLIMIT_LOCKS);
  writeLimit(RLIMIT_LOCKS, { soft: token, hard: before.hard });
  try {
    return spawn();
  } finally {
    writeLimit(RLIMIT_LOCKS, before);
  }
}
