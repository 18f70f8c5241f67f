import { existsSync, rmSync } from "node:fs";
import { writeAtomically } from "../../core/disk/atomic-write.ts";
import { makeFolder, readTrusted } from "../../core/disk/files.ts";
import { parseStrictJson, renderJson } from "../../core/text/json.ts";
import type { ProcessId } from "../../core/process/process-table.ts";
import { isRunning, readProcess } from "../../core/process/processes.ts";
import { type IncarnationPaths, isProcessId } from "../../status/incarnation/incarnation.ts";

/**
 * Why an end is wanted: `stop` and `remove` end it at once, `sleep` after a grace, `dismiss` leaves that to somebody else,
 * `launch-failed` has told of it already.
 */
export type ClaimReason = "stop" | "remove" | "sleep" | "dismiss" | "launch-failed";

/** Says durably, before anything is ended, that this end is wanted. */
export function writeClaim({ folder, claim }: IncarnationPaths, by: ClaimReason, now: Date): void {
  makeFolder(folder);
  const self = readProcess(process.pid);
  const claimant = self === undefined ? undefined : { pid: self.pid, start: self.start };
  writeAtomically(claim, renderJson({ version: 1, by, claimant, ts: now.toISOString() }));
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
}

function readClaim(path: string): Claim | undefined {
  try {
    const bytes = readTrusted(path, { what: "the claim", maxBytes: 65_536, unreadable: "read-failed", insecure: "read-failed" });
    const { by, claimant } = parseStrictJson(bytes ?? Buffer.alloc(0)) as { by?: unknown; claimant?: unknown };
    return typeof by === "string" ? { by, claimant: isProcessId(claimant) ? claimant : undefined } : undefined;
  } catch {
    // Its being there is what counts.
    return undefined;
  }
}
