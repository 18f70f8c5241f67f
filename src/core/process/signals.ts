import { constants } from "node:os";
import { systemCall } from "../libc.ts";
import type { ProcessId, ProcessInfo } from "./process-table.ts";
import { isPid, readProcess } from "./processes.ts";

export type SignalName = "SIGTERM" | "SIGKILL" | "SIGCONT" | "SIGINT" | "SIGHUP" | "SIGUSR1" | "SIGCHLD";

/** The same numbers on every architecture (Linux syscall tables, 5.1 and 5.3 on). */
const SYS_PIDFD_SEND_SIGNAL = 424;
const SYS_PIDFD_OPEN = 434;
const SYS_CLOSE_RANGE = 436;

/**
 * Sends a signal to one process, and to nobody else: on Linux the process is pinned with
 * pidfd_open(2) before its start time is compared, so a pid that is used again is never hit.
 * Elsewhere the comparison comes just before kill(2).
 *
 * @returns false when that process is gone (or a zombie), or must not be signalled by us.
 */
export function signalProcess(target: ProcessId, signal: SignalName): boolean {
  return pinned(target, (_, pidfd) => (pidfd === undefined ? kill(target.pid, signal) : signalPidfd(pidfd, signal)));
}

/**
 * Sends a signal to the whole group that a process is in, in one system call: nobody in it can fork
 * meanwhile. The group must be known to be ours alone, as all groups below a session leader of ours are.
 *
 * @returns false when that process is gone or has left the group; then nothing was sent.
 */
export function signalGroup(member: ProcessInfo, signal: SignalName): boolean {
  return pinned(member, (found) => found.pgid === member.pgid && isPid(found.pgid) && kill(-found.pgid, signal));
}

function pinned(target: ProcessId, act: (found: ProcessInfo, pidfd: number | undefined) => boolean): boolean {
  if (!isPid(target.pid) || target.pid === process.pid) return false;
  const pidfd = process.platform === "linux" ? openPidfd(target.pid) : undefined;
  try {
    const found = readProcess(target.pid);
    if (found === undefined || found.start !== target.start || found.isZombie) return false;
    return act(found, pidfd);
  } finally {
    if (pidfd !== undefined) closePidfd(pidfd);
  }
}

/** undefined on a kernel without pidfds, or when the process is gone. */
function openPidfd(pid: number): number | undefined {
  const fd = systemCall(SYS_PIDFD_OPEN, pid);
  return fd < 0 ? undefined : fd;
}

function signalPidfd(pidfd: number, signal: SignalName): boolean {
  return systemCall(SYS_PIDFD_SEND_SIGNAL, pidfd, constants.signals[signal]) === 0;
}

function closePidfd(pidfd: number): void {
  systemCall(SYS_CLOSE_RANGE, pidfd, pidfd);
}

function kill(target: number, signal: SignalName): boolean {
  try {
    return process.kill(target, signal);
  } catch {
    // Gone since, or another user's.
    return false;
  }
}
