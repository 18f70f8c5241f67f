import { existsSync, rmSync } from "node:fs";
import { goodState, readState, type StateFile, writeState } from "../../core/disk/state-file.ts";
import { whyNotFields, required, TEXT } from "../../core/text/fields.ts";
import type { ProcessId } from "../../core/process/process-table.ts";
import { isRunning, readProcess, isProcessId } from "../../core/process/processes.ts";
import type { IncarnationPaths } from "../../status/incarnation/types.ts";

/**
 * Why an end is wanted: `stop` and `remove` end it at once, `sleep` after a grace, `dismiss` leaves that to somebody else,
 * `launch-failed` has told of it already.
 */
export type ClaimReason = "stop" | "remove" | "sleep" | "dismiss" | "launch-failed";

/** Says durably, before anything is ended, that this end is wanted. */
export function writeClaim({ claim }: IncarnationPaths, by: ClaimReason, now: Date): void {
  const self = readProcess(process.pid);
  const claimant = self === undefined ? undefined : { pid: self.pid, start: self.start };
  writeState(claim, { by, claimant, ts: now.toISOString() }, claimFile);
}

export function withdrawClaim({ claim }: IncarnationPaths): void {
  rmSync(claim, { force: true });
}

/** Whether an incarnation's end is wanted or recorded: then there is nothing to find out about it. */
export function isSettled({ claim, recorded }: IncarnationPaths): boolean {
  return existsSync(claim) || existsSync(recorded);
}

/**
 * Whether a claim was made for a teardown that never came to its end: whoever made it to end the server is gone, and so would the
 * server be. A dismissal stands until the server is armed again.
 */
export function isAbandoned({ claim }: IncarnationPaths): boolean {
  const found = readClaim(claim);
  return found?.claimant !== undefined && ENDS_ITSELF.has(found.by) && !isRunning(found.claimant);
}

/** Whether somebody set out to end it, and has said so. */
export function isToBeEnded({ claim }: IncarnationPaths): boolean {
  return ENDS_ITSELF.has(readClaim(claim)?.by ?? "");
}

const ENDS_ITSELF: ReadonlySet<string> = new Set<ClaimReason>(["stop", "remove", "sleep", "launch-failed"]);

/** Who claimed an end ("stop", "session-exit", …); undefined: nobody. */
export function claimedBy({ claim }: IncarnationPaths): string | undefined {
  if (!existsSync(claim)) return undefined;
  return readClaim(claim)?.by ?? "somebody";
}

interface Claim {
  readonly by: string;
  readonly claimant: ProcessId | undefined;
  readonly ts: unknown;
}

/** A claim counts by being there: all that is read of it is who made it, and why. */
const claimFile: StateFile<Claim> = {
  what: "the claim",
  check: (json) => {
    const why = whyNotFields(json, { by: required(TEXT) });
    if (why !== undefined) return { ok: false, why };
    const { by, claimant, ts } = json as Claim;
    return { ok: true, value: { by, claimant: isProcessId(claimant) ? claimant : undefined, ts } };
  },
  toJson: (claim) => ({ version: 1, ...claim }),
};

function readClaim(path: string): Claim | undefined {
  return goodState(readState(path, claimFile));
}
