import { readFileSync } from "node:fs";
import { execProgram, readLimit, resetSignal, writeLimit } from "../libc.ts";

/** The signals that Bun ignores from its start. */
const SIGPIPE = 13;
const SIGXFSZ = 25;
const RLIMIT_NOFILE = 7;

/**
 * Becomes another program in this process (execv(3)): with this environment byte for byte, and with the signals and the limit on open
 * files that a program has which Bun did not start. It only returns when that is impossible.
 *
 * @param path the program's absolute path
 */
export function becomeProgram(path: string, argv: readonly string[]): void {
  for (const signal of [SIGPIPE, SIGXFSZ]) resetSignal(signal);
  restoreOpenFilesLimit();
  execProgram(path, argv);
}

/** Takes the limit of the parent, which is mostly the limit that this process was started with. Bun raises its own. */
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
