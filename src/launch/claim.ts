import { existsSync } from "node:fs";
import { giveBack, writeReserved } from "../core/disk/reserve.ts";
import { goodState, readState, renderState, type StateFile, writeState } from "../core/disk/state-file.ts";
import { readPidNamespace } from "../core/process/pid-namespace.ts";
import type { ProcessId } from "../core/process/process-table.ts";
import { isProcessId, isRunning, readProcess } from "../core/process/processes.ts";
import { required, TEXT, whyNotFields } from "../core/text/fields.ts";
import type { IncarnationPaths } from "../status/incarnation/types.ts";

/**
 * Why an end is wanted. `stop`, `retire` and `remove` end the session at once, `sleep` after a grace. `dismiss` leaves the end to another.
 * `launch-failed` is the end of a launch that was reported already.
 */
export type ClaimReason = "stop" | "retire" | "remove" | "sleep" | "dismiss" | "launch-failed";

/**
 * Writes durably that an end is wanted. The claim comes before anything is ended. It takes the room that the launch reserved, and so needs
 * none on a full disk. A further claim there overwrites the first, which counts all the while.
 *
 * @throws IapeerError `write-failed`.
 */
export function writeClaim({ claim: path, claimRoom }: IncarnationPaths, by: ClaimReason, now: Date): void {
  const self = readProcess(process.pid);
  const claimant = self === undefined ? undefined : { pid: self.pid, start: self.start };
  const namespace = readPidNamespace();
  const claim = { by, claimant, ts: now.toISOString(), ...(namespace !== "" && { pid_namespace: namespace }) };
  const text = renderState(claim, claimFile);
  if (writeReserved(claimRoom, path, text)) return;
  try {
    writeState(path, claim, claimFile);
  } catch (error) {
    if (!writeReserved(path, path, text)) throw error;
  }
}

/** Takes a claim back: the session goes on, and its end is a death again. The next claim has its room. */
export function withdrawClaim({ claim, claimRoom }: IncarnationPaths): void {
  giveBack(claim, claimRoom);
}

/** Tells whether an incarnation's end is claimed or recorded, so that there is nothing to find out about it. */
export function isSettled({ claim, recorded }: IncarnationPaths): boolean {
  return existsSync(claim) || existsSync(recorded);
}

/**
 * Tells whether a claim is left of a teardown that never finished: its process is gone, and the server may live. A dismissal stands until
 * the server is armed again.
 */
export function isAbandoned({ claim }: IncarnationPaths): boolean {
  const found = readClaim(claim);
  if (found?.claimant === undefined || !ENDS_ITSELF.has(found.by)) return false;
  // A process of another PID namespace may be at it.
  return (found.pid_namespace === undefined || found.pid_namespace === readPidNamespace()) && !isRunning(found.claimant);
}

/** Tells whether a process has set out to end the session itself, and has claimed that. */
export function isToBeEnded({ claim }: IncarnationPaths): boolean {
  return ENDS_ITSELF.has(readClaim(claim)?.by ?? "");
}

const ENDS_ITSELF: ReadonlySet<string> = new Set<ClaimReason>(["stop", "retire", "remove", "sleep", "launch-failed"]);

/** The reason of a claim ("stop", "session-exit", …); undefined when there is no claim. A claim that does not read is by "somebody". */
export function claimedBy({ claim }: IncarnationPaths): string | undefined {
  if (!existsSync(claim)) return undefined;
  return readClaim(claim)?.by ?? "somebody";
}

interface Claim {
  readonly by: string;
  readonly claimant: ProcessId | undefined;
  readonly ts: unknown;
  /** The PID namespace of the claimant; left out where there are none, or an earlier version wrote it. */
  readonly pid_namespace?: string;
}

/** A claim counts because its file exists. Only its reason and its claimant are read. */
const claimFile: StateFile<Claim> = {
  what: "the claim",
  check: (json) => {
    const why = whyNotFields(json, { by: required(TEXT), pid_namespace: TEXT });
    if (why !== undefined) return { ok: false, why };
    const claim = json as Claim;
    return { ok: true, value: { ...claim, claimant: isProcessId(claim.claimant) ? claim.claimant : undefined } };
  },
  toJson: (claim) => ({ version: 1, ...claim }),
};

function readClaim(path: string): Claim | undefined {
  return goodState(readState(path, claimFile));
}
