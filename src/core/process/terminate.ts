import { until } from "./poll.ts";
import type { ProcessId } from "./process-table.ts";
import { isRunning } from "./processes.ts";
import { signalProcess } from "./signals.ts";

/** Tells whether these processes are gone before the time is up. */
export async function areGoneWithin(ids: readonly ProcessId[], timeoutMs: number): Promise<boolean> {
  return await until(() => !ids.some(isRunning), { timeoutMs });
}

/** How long each step of an ending may take. */
export interface TerminateOptions {
  /** The time to end without any signal. Default: none. */
  readonly patienceMs?: number;
  /** The time from SIGTERM to SIGKILL. */
  readonly termMs: number;
  /** The time that the kernel has to take a killed process away. */
  readonly killMs: number;
}

/**
 * Ends processes, and no others: SIGTERM first, SIGKILL for those that stay.
 *
 * @returns the processes that are left even then (in uninterruptible sleep, or not ours to signal); normally none.
 */
export async function terminate<P extends ProcessId>(
  processes: readonly P[],
  { patienceMs = 0, termMs, killMs }: TerminateOptions,
): Promise<P[]> {
  if (await areGoneWithin(processes, patienceMs)) return [];
  processes.forEach((one) => signalProcess(one, "SIGTERM"));
  // A stopped process takes no TERM.
  processes.forEach((one) => signalProcess(one, "SIGCONT"));
  if (await areGoneWithin(processes, termMs)) return [];
  processes.forEach((one) => signalProcess(one, "SIGKILL"));
  await areGoneWithin(processes, killMs);
  return processes.filter(isRunning);
}
