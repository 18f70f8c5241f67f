import { writeAtomically } from "../../core/disk/atomic-write.ts";
import { readTrusted } from "../../core/disk/files.ts";
import { parseStrictJson, renderJson } from "../../core/text/json.ts";
import { isHeld } from "../../core/disk/lock.ts";
import type { ProcessId } from "../../core/process/process-table.ts";
import { type IncarnationPaths, isProcessId } from "../../status/incarnation/incarnation.ts";
import type { Witness } from "../canary/script.ts";

/** Why a recorder was armed: with the launch, for one that was lost, or by hand. */
export type Origin = "launch" | "retrofit" | "manual";

/** Who records the end of one incarnation, as it was when it was armed. */
export interface CanaryRecord {
  readonly version: 1;
  readonly recorder: ProcessId;
  readonly witness: Witness;
  readonly since: string;
  readonly origin: Origin;
}

export function writeCanaryRecord({ canary }: IncarnationPaths, record: CanaryRecord): void {
  writeAtomically(canary, renderJson(record));
}

/** The record of the last arming; undefined: never armed, or it does not read. */
export function readCanaryRecord({ canary }: IncarnationPaths): CanaryRecord | undefined {
  try {
    const bytes = readTrusted(canary, {
      what: "the canary's record",
      maxBytes: 65_536,
      unreadable: "read-failed",
      insecure: "read-failed",
    });
    const value = parseStrictJson(bytes ?? Buffer.alloc(0)) as CanaryRecord;
    const isRight =
      value.version === 1 &&
      isProcessId(value.recorder) &&
      ["parent", "client"].includes(value.witness) &&
      typeof value.since === "string";
    return isRight ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a recorder lives: it holds its lock for as long as it does. Nothing else counts, not its pid and not its command line. */
export function hasRecorder({ lock }: IncarnationPaths): boolean {
  return isHeld(lock);
}
