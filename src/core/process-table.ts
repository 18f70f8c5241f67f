/** One process as the kernel knows it. `pid` alone names nobody: pids are used again, `pid` with `start` is not. */
export interface ProcessId {
  readonly pid: number;
  /** When it started, in a unit of the platform's; only ever compared for equality with the same source. */
  readonly start: string;
}

export interface ProcessInfo extends ProcessId {
  readonly ppid: number;
  readonly pgid: number;
  /** The session's id; undefined on macOS, whose ps does not tell. */
  readonly sid: number | undefined;
  /** Dead and waiting for its parent. */
  readonly isZombie: boolean;
}

/**
 * `/proc/PID/stat` (proc(5)): the name stands in parentheses and may itself hold spaces and
 * parentheses ("(tmux: server)"), so the fields are counted from the last ")".
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

/** The soft limit on file locks in `/proc/PID/limits`; undefined when unlimited or not there. */
export function parseFileLocksLimit(text: string): bigint | undefined {
  const match = /^Max file locks +([0-9]+) /m.exec(text);
  return match === null ? undefined : BigInt(match[1]!);
}

/** The rows of macOS `ps -o pid= -o ppid= -o pgid= -o stat= -o lstart=`; the start is a date of five words. */
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
