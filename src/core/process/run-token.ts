import { readFileSync } from "node:fs";
import { readLimit, writeLimit } from "../libc.ts";
import { parseFileLocksLimit } from "./process-table.ts";
import { randomHex } from "../text/random.ts";

/**
 * The mark of a run's processes on Linux, wherever they hide: the soft RLIMIT_LOCKS.
 *
 * A resource limit is inherited over fork and exec, and neither setsid, a double fork nor `env -i` sheds it. This one has had no effect
 * since Linux 2.4.25 (getrlimit(2)). Any process may lower its own soft value, and every process may read it in /proc/PID/limits. So each
 * run starts under a number that no other run has.
 */
const RLIMIT_LOCKS = 10;

/** The number of a run: 40 random bits of this process, then 20 bits that count its runs. */
export type RunToken = bigint;

const COUNTER_BITS = 20n;

/** The random part, which all runs of one process share. */
export function newTokenFamily(): bigint {
  return BigInt(`0x${randomHex(5)}`) | (1n << 39n);
}

/** The token of one run. */
export function tokenOf(family: bigint, run: number): RunToken {
  return (family << COUNTER_BITS) | BigInt(run % 2 ** Number(COUNTER_BITS));
}

/** Tells whether a token was made by the process with this family. */
export function isOfFamily(token: RunToken, family: bigint): boolean {
  return token >> COUNTER_BITS === family;
}

/** The token that a process carries; undefined when it has none, is gone, or when the platform has no such limit. */
export function readToken(pid: number): RunToken | undefined {
  try {
    return parseFileLocksLimit(readFileSync(`/proc/${pid}/limits`, "latin1"));
  } catch {
    // Gone, or not Linux.
    return undefined;
  }
}

/** Runs one synchronous spawn while this process carries the token. The children keep it. */
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
