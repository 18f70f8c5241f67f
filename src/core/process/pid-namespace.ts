import { readlinkSync } from "node:fs";

/**
 * The name of the PID namespace in which a process has its number ("pid:[4026531836]"), by default this process. Empty on macOS, which has
 * none, and where the kernel does not tell.
 *
 * Within one boot the name and a process's start are reliable: the kernel gives a name again only when that namespace has no process any
 * more (namespaces(7), pid_namespaces(7)).
 */
export function readPidNamespace(pid: number | "self" = "self"): string {
  try {
    return process.platform === "linux" ? readlinkSync(`/proc/${pid}/ns/pid`) : "";
  } catch {
    return "";
  }
}

/**
 * True where /proc shows no processes, or those of another PID namespace, as after `unshare --pid` without a /proc of its own (proc(5)).
 * A number found there names another process than the same number in a system call.
 */
export function isProcForeign(): boolean {
  try {
    return process.platform === "linux" && readlinkSync("/proc/self") !== String(process.pid);
  } catch {
    return true;
  }
}

/** False for a process that has its number in another PID namespace, as one of a container has; true also where that cannot be told. */
export function sharesPidNamespace(pid: number): boolean {
  const namespace = readPidNamespace(pid);
  return namespace === "" || namespace === readPidNamespace();
}
