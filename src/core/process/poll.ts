import { pause } from "./pause.ts";

/** How long to look, and how often. */
export interface PollOptions {
  /** The time from the first look to the last, on the monotonic clock. */
  readonly timeoutMs: number;
  /** The pause between two looks. Default: 5 ms, for a look that costs little. */
  readonly everyMs?: number;
  /** Ends the polling at once, as if the time were up. */
  readonly signal?: AbortSignal | undefined;
}

const EVERY_MS = 5;

/**
 * Looks until a look finds something, or the time is up. It looks at least once, and once more when the time is up.
 *
 * @returns undefined when nothing was found in time.
 *
 * @example
 * const server = await poll(() => findServer(socket), { timeoutMs: 10_000, everyMs: 2 });
 */
export async function poll<T>(
  look: () => T | undefined | Promise<T | undefined>,
  { timeoutMs, everyMs = EVERY_MS, signal }: PollOptions,
): Promise<T | undefined> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const found = await look();
    const leftMs = deadline - performance.now();
    if (found !== undefined || leftMs < 0 || signal?.aborted) return found;
    await pause(Math.min(everyMs, Math.max(1, leftMs)), signal);
  }
}

/** Tells whether something comes true before the time is up. */
export async function until(isTrue: () => boolean | Promise<boolean>, options: PollOptions): Promise<boolean> {
  return (await poll(async () => (await isTrue()) || undefined, options)) ?? false;
}
