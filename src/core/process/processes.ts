import { readdirSync, readFileSync } from "node:fs";
import { refuseStarved } from "../../model/errors.ts";
import { parseProcessTable, parseProcStat, type ProcessId, type ProcessInfo } from "./process-table.ts";

/** Tells whether a stored number may be signalled: 0 and negative numbers mean groups, 1 is init, 2^31 wraps around. */
export function isPid(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value > 1 && value < 2 ** 31;
}

/** Tells whether a stored value names a process that may ever be signalled. */
export function isProcessId(value: unknown): value is ProcessId {
  const { pid, start } = (value ?? {}) as Partial<ProcessId>;
  return isPid(pid) && typeof start === "string" && start !== "";
}

/** The process that has this pid now, also a zombie; undefined when there is none. */
export function readProcess(pid: number): ProcessInfo | undefined {
  if (!isPid(pid)) return undefined;
  if (process.platform === "linux") return readProcFolder(String(pid));
  return readProcessTable(["-p", String(pid)])[0];
}

/** Every process of this host (Linux: proc(5); macOS: ps(1)). */
export function listProcesses(): ProcessInfo[] {
  if (process.platform !== "linux") return readProcessTable(["-A"]);
  return readdirSync("/proc")
    .filter((name) => /^[1-9][0-9]*$/.test(name))
    .map(readProcFolder)
    .filter((found) => found !== undefined);
}

/** Tells whether this very process runs: the process with its pid has its start, and is no zombie. */
export function isRunning(id: ProcessId): boolean {
  const found = readProcess(id.pid);
  return found !== undefined && found.start === id.start && !found.isZombie;
}

function readProcFolder(pid: string): ProcessInfo | undefined {
  try {
    return parseProcStat(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch (error) {
    refuseStarved(error);
    // It ended between the listing and the reading.
    return undefined;
  }
}

function readProcessTable(selection: readonly string[]): ProcessInfo[] {
  const columns = ["pid=", "ppid=", "pgid=", "stat=", "lstart="].flatMap((column) => ["-o", column]);
  const listing = Bun.spawnSync(["/bin/ps", ...columns, ...selection], { env: { LC_ALL: "C", TZ: "UTC" }, timeout: 5000 });
  return parseProcessTable(listing.stdout.toString("latin1"));
}
