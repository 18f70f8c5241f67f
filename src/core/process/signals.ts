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
 * Sends a signal to one process, and to no other. On Linux pidfd_open(2) pins the process before its start is compared, so that a pid
 * that is used again is never hit. Elsewhere the comparison comes just before kill(2).
 *
 * @returns false when the process is gone or a zombie, or when this process must not signal it.
 */
export function signalProcess(target: ProcessId, signal: SignalName): boolean {
  return pinned(target, (_, pidfd) => (pidfd === undefined ? kill(target.pid, signal) : signalPidfd(pidfd, signal)));
}

/**
 * Sends a signal to the whole group of a process in one system call, so that no process in it can fork away. The group must be known to be
 * ours alone, as every group below a session leader of ours is.
 *
 * @returns false when the process is gone or has left the group. Then nothing was sent.
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

/** A descriptor of the process; undefined on a kernel without pidfds, or when the process is gone. */
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
    // The process is gone, or another user's.
    return false;
  }
}
