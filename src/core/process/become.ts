import { dlopen, ptr } from "bun:ffi";
import { readFileSync } from "node:fs";
import { LIBC_NAME, readLimit, writeLimit } from "../libc.ts";

/** What Bun ignores from its start on, and the default action (signal(7)). */
const SIGPIPE = 13;
const SIGXFSZ = 25;
const SIG_DFL = 0n;
const RLIMIT_NOFILE = 7;

/**
 * Becomes another program, in this process (execv(3)): with this process's environment byte for byte, and with the signals and the
 * limit on open files that a program has which Bun did not start. Only comes back when that is impossible.
 *
 * @param path the program's, absolute
 */
export function becomeProgram(path: string, argv: readonly string[]): void {
  const { symbols } = dlopen(LIBC_NAME, {
    execv: { args: ["ptr", "ptr"], returns: "i32" },
    signal: { args: ["i32", "u64"], returns: "u64" },
  });
  for (const signal of [SIGPIPE, SIGXFSZ]) symbols.signal(signal, SIG_DFL);
  restoreOpenFilesLimit();
  const words = [path, ...argv].map((word) => Buffer.from(`${word}\0`));
  const pointers = new BigUint64Array([...words.slice(1).map((word) => BigInt(ptr(word))), 0n]);
  symbols.execv(ptr(words[0]!), ptr(pointers));
}

/** Bun raises its own; the one before is mostly that of whoever started this process. */
function restoreOpenFilesLimit(): void {
  if (process.platform !== "linux") return;
  try {
    const soft = /^Max open files +([0-9]+) /m.exec(readFileSync(`/proc/${process.ppid}/limits`, "latin1"))?.[1];
    const { soft: now, hard } = readLimit(RLIMIT_NOFILE);
    if (soft !== undefined && BigInt(soft) < now) writeLimit(RLIMIT_NOFILE, { soft: BigInt(soft), hard });
  } catch {
    // The parent is another user's: the limit stays.
  }
}
