import { readdirSync, readFileSync } from "node:fs";
import { parseTerminalState, type ProcessId, type TerminalState } from "./process-table.ts";
import { readProcess } from "./processes.ts";
import { until } from "./poll.ts";
import { readTerminalInput } from "./terminal-input.ts";

/** Why a process does not answer: it has ended, it is stopped, or input waits unread in its terminal. */
export type Silence = "gone" | "stopped" | "unread";

const POLL_MS = 50;

/**
 * Waits until a process answers. A process answers when neither it nor a process in the foreground of its terminal is stopped, and no
 * input waits unread in that terminal.
 *
 * @param id without a start it means the process that has this pid now
 * @returns undefined when it answers in time, else why not.
 */
export async function awaitAnswer(
  id: Pick<ProcessId, "pid"> & Partial<ProcessId>,
  timeoutMs: number,
): Promise<Silence | undefined> {
  let silence: Silence | undefined;
  const isDecided = () => {
    silence = findSilence(id);
    return silence === undefined || silence === "gone";
  };
  await until(isDecided, { timeoutMs, everyMs: POLL_MS });
  return silence;
}

function findSilence({ pid, start }: Pick<ProcessId, "pid"> & Partial<ProcessId>): Silence | undefined {
  const found = readProcess(pid);
  if (found === undefined || found.isZombie || (start !== undefined && found.start !== start)) return "gone";
  const state = readTerminalState(pid);
  if (state === undefined) return "gone";
  if (state.isStopped || hasStoppedBelow(pid, state.foregroundGroup)) return "stopped";
  return state.path !== undefined && readTerminalInput(state.path)?.hasUnread ? "unread" : undefined;
}

/** Tells whether a process below is stopped in the foreground, which a signal does. A job that a person stopped is in a group of its own. */
function hasStoppedBelow(pid: number, group: number): boolean {
  return listChildren(pid).some(
    (child) =>
      (readTerminalState(child)?.isStopped === true && readProcess(child)?.pgid === group) || hasStoppedBelow(child, group),
  );
}

/** The work of the processes in the foreground of a terminal: stopped; waiting for input; at something else; or it cannot be told. */
export type Occupation = "stopped" | "waiting" | "busy" | "unknown";

/** Tells at what a process is, with those below it that share the foreground of its terminal. */
export function readOccupation(pid: number): Occupation {
  const state = readTerminalState(pid);
  if (state === undefined) return "unknown";
  if (state.isStopped || hasStoppedBelow(pid, state.foregroundGroup)) return "stopped";
  if (process.platform !== "linux") return "unknown";
  const channels = listForeground(pid, state.foregroundGroup).map(readWaitChannel);
  if (channels.some((channel) => INPUT_CHANNELS.test(channel))) return "waiting";
  return channels.length === 0 || channels.includes("0") || channels.includes("") ? "unknown" : "busy";
}

/** The functions of the kernel in which a process waits for a terminal, alone (n_tty_read) or among other files (poll, epoll, select). */
const INPUT_CHANNELS =
  /^(?:n_tty_read|wait_woken|(?:do_)?poll_schedule_timeout|do_(?:sys_)?poll|(?:do_)?ep_?(?:oll_wait|poll)|do_select)/;

function listForeground(pid: number, group: number): number[] {
  const below = listChildren(pid).flatMap((child) => listForeground(child, group));
  return readProcess(pid)?.pgid === group ? [pid, ...below] : below;
}

/** proc_pid_wchan(5): "0" for a process that runs, and where the kernel does not tell. */
function readWaitChannel(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/wchan`, "latin1");
  } catch {
    return "";
  }
}

function readTerminalState(pid: number): TerminalState | undefined {
  try {
    if (process.platform === "linux") return parseTerminalState(readFileSync(`/proc/${pid}/stat`, "latin1"));
    const listing = Bun.spawnSync(["/bin/ps", "-o", "stat=", "-o", "tpgid=", "-o", "tty=", "-p", String(pid)], {
      env: { LC_ALL: "C" },
      timeout: 5000,
    });
    const [state = "", group, tty = "??"] = listing.stdout.toString("latin1").trim().split(/\s+/);
    return {
      isStopped: state.startsWith("T"),
      foregroundGroup: Number(group),
      ...(/^tty\w+$/.test(tty) && { path: `/dev/${tty}` }),
    };
  } catch {
    // It ended meanwhile.
    return undefined;
  }
}

/** proc_pid_task_children(5); empty where the kernel or the platform has no such file. */
function listChildren(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, "latin1").split(" ").filter(Boolean).map(Number),
    );
  } catch {
    return [];
  }
}
