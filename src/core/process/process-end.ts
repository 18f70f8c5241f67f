import type { ProcessId } from "./process-table.ts";
import { isRunning } from "./processes.ts";

const POLL_MS = 5;

/** Whether one process is gone before a deadline. */
export async function isGoneWithin(id: ProcessId, timeoutMs: number): Promise<boolean> {
  return await areGoneWithin([id], timeoutMs);
}

/** The same of all of several. */
export async function areGoneWithin(ids: readonly ProcessId[], timeoutMs: number): Promise<boolean> {
  return await isTrueWithin(() => !ids.some(isRunning), timeoutMs);
}

/** Whether something that costs little to look at comes true before a deadline. */
export async function isTrueWithin(isTrue: () => boolean, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (!isTrue()) {
    if (performance.now() > deadline) return false;
    await Bun.sleep(POLL_MS);
  }
  return true;
}
