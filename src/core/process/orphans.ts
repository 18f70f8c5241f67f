import { readdirSync, readFileSync } from "node:fs";
import { reapChild } from "../libc.ts";
import { readProcess } from "./processes.ts";
import { isOfFamily, readToken } from "./run-token.ts";

/**
 * Reaps the dead orphans that this process adopted. Until then their pids are taken, and a process that waits for one to go, as a provider
 * that replaces its daemon does, waits in vain.
 *
 * @param started the children that Bun reaps
 */
export function reapOrphans(family: bigint, started: ReadonlySet<number>): void {
  for (const pid of listChildren()) {
    if (started.has(pid) || readProcess(pid)?.isZombie !== true) continue;
    const token = readToken(pid);
    if (token !== undefined && isOfFamily(token, family)) reapChild(pid);
  }
}

/** proc_pid_task_children(5), far cheaper than the whole process table; empty where the kernel or the platform has no such file. */
function listChildren(): number[] {
  try {
    return readdirSync("/proc/self/task").flatMap((task) =>
      readFileSync(`/proc/self/task/${task}/children`, "latin1").split(" ").filter(Boolean).map(Number),
    );
  } catch {
    // A thread ended during the look. The next look sees its children.
    return [];
  }
}
