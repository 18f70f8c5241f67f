import { makeFolder } from "../core/disk/files.ts";
import { withLock } from "../core/disk/lock.ts";
import { pause } from "../core/process/pause.ts";
import { quoteForSh } from "../core/text/quoting.ts";
import { superviseOnce, type TickRow } from "../launch/tick.ts";
import { IapeerError } from "../model/errors.ts";
import { registeredIdentities } from "./choose.ts";
import type { App } from "./types.ts";

/**
 * Looks at every server once: a live one without a canary gets one, an end without a claim or a record gets a record. Once the signal came,
 * no further server is looked at.
 *
 * @returns what was done, or could not be done, as `supervise --once --json` prints it; empty when there was nothing to do.
 * @throws IapeerError `lock-busy`: another supervise runs on this root; what readRegistry throws.
 */
export async function lookAfterServers(app: App, _request: object, signal: AbortSignal): Promise<TickRow[]> {
  return await asOnlyOne(app, async () => await superviseOnce(registeredIdentities(app), app, signal));
}

export interface SupervisionRequest {
  readonly intervalSecs: number;
  /** Told of each thing that a look did, or could not do. */
  readonly onRow: (row: TickRow) => void;
}

/**
 * Does the same again and again, until the signal comes. A look that fails is a warning, and is tried again.
 *
 * @throws IapeerError `lock-busy`: another supervise runs on this root.
 */
export async function superviseOn(app: App, { intervalSecs, onRow }: SupervisionRequest, signal: AbortSignal): Promise<void> {
  await asOnlyOne(app, async () => {
    while (!signal.aborted) {
      try {
        const rows = await superviseOnce(registeredIdentities(app), app, signal);
        rows.forEach(onRow);
      } catch (error) {
        app.tell.warn((error as Error).message);
      }
      await pause(intervalSecs * 1000, signal);
    }
  });
}

/** The lock ends with its holder, however that one ends. */
async function asOnlyOne<T>({ layout }: App, work: () => Promise<T>): Promise<T> {
  makeFolder(layout.stateFolder);
  let isHeld = false;
  return await withLock(layout.superviseLock, { timeoutMs: 0 }, async () => {
    isHeld = true;
    return await work();
  }).catch((error: unknown) => {
    throw !isHeld && error instanceof IapeerError && error.code === "lock-busy" ? anotherRuns(layout.superviseLock) : error;
  });
}

function anotherRuns(path: string): IapeerError {
  return new IapeerError("lock-busy", "another supervise is at it; nothing was done", {
    hint: `to see which: fuser -v ${quoteForSh(path)}`,
    details: { path },
  });
}
