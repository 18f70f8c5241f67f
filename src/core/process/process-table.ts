/** The identity of one process. A pid is used again after its process; a pid with its start is not. */
export interface ProcessId {
  readonly pid: number;
  /** The time of its start, in a unit of the platform. It is only compared for equality with another from the same source. */
  readonly start: string;
}

export interface ProcessInfo extends ProcessId {
  readonly ppid: number;
  readonly pgid: number;
  /** The id of its session; undefined on macOS, whose ps does not tell it. */
  readonly sid: number | undefined;
  /** Dead, and not reaped yet by its parent. */
  readonly isZombie: boolean;
}

/**
 * Reads `/proc/PID/stat` (proc(5)). The name stands in parentheses and may hold spaces and parentheses itself ("(tmux: server)"), so the
 * fields are counted from the last ")".
 */
export function parseProcStat(text: string): ProcessInfo | undefined {
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const pid = Number.parseInt(text, 10);
  const start = fields[19];
  if (!Number.isInteger(pid) || start === undefined) return undefined;
  return {
    pid,
    start,
    ppid: Number(fields[1]),
    pgid: Number(fields[2]),
    sid: Number(fields[3]),
    isZombie: fields[0] === "Z" || fields[0] === "X",
  };
}

/** A process and the terminal that it belongs to. */
export interface TerminalState {
  /** A signal or a tracer stopped it. */
  readonly isStopped: boolean;
  /** The process group in the foreground of its terminal; -1 without a terminal. */
  readonly foregroundGroup: number;
  /** The device of its controlling terminal. Left out: it has none, or one without a known name. */
  readonly path?: string;
}

/** Reads three fields of the same file: the state (3), the device number of the terminal (7) and its foreground group (8). */
export function parseTerminalState(text: string): TerminalState | undefined {
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state, device, foregroundGroup] = [fields[0] ?? "", Number(fields[4]), Number(fields[5])];
  if (!Number.isInteger(device) || !Number.isInteger(foregroundGroup)) return undefined;
  const path = deviceOf(device);
  return { isStopped: state === "T" || state === "t", foregroundGroup, ...(path !== undefined && { path }) };
}

/** The device of a number: its minor is in the bits 31 to 20 and 7 to 0, its major in 15 to 8 (proc_pid_stat(5), devices.txt). */
function deviceOf(device: number): string | undefined {
  const major = (device >>> 8) & 0xff;
  const minor = (device & 0xff) | ((device >>> 12) & 0xfff00);
  if (major >= 136 && major <= 143) return `/dev/pts/${(major - 136) * 256 + minor}`;
  return major === 4 && minor < 64 ? `/dev/tty${minor}` : undefined;
}

/** The soft limit on file locks in `/proc/PID/limits`; undefined when it is unlimited or not there. */
export function parseFileLocksLimit(text: string): bigint | undefined {
  const match = /^Max file locks +([0-9]+) /m.exec(text);
  return match === null ? undefined : BigInt(match[1]!);
}

/** Reads the rows of macOS `ps -o pid= -o ppid= -o pgid= -o stat= -o lstart=`. The start is a date of five words. */
export function parseProcessTable(text: string): ProcessInfo[] {
  return text
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter((words) => words.length >= 9)
    .map(([pid, ppid, pgid, stat, ...start]) => ({
      pid: Number(pid),
      ppid: Number(ppid),
      pgid: Number(pgid),
      sid: undefined,
      isZombie: stat!.startsWith("Z"),
      start: start.join(" "),
    }));
}
