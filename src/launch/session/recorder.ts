import { isHeld } from "../../core/disk/lock.ts";
import { goodState, readState, type StateFile, writeState } from "../../core/disk/state-file.ts";
import { checkFields, oneOf, required, TEXT } from "../../core/text/fields.ts";
import type { ProcessId } from "../../core/process/process-table.ts";
import type { IncarnationPaths } from "../../status/incarnation/types.ts";
import { isProcessId } from "../../core/process/processes.ts";
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

const recordFile: StateFile<CanaryRecord> = {
  what: "the canary's record",
  check: checkFields<CanaryRecord>({
    version: required(oneOf(1)),
    recorder: required({ isRight: isProcessId, otherwise: "is not a process" }),
    witness: required(oneOf("parent", "client")),
    since: required(TEXT),
    origin: required(oneOf("launch", "retrofit", "manual")),
  }),
};

export function writeCanaryRecord({ canary }: IncarnationPaths, record: CanaryRecord): void {
  writeState(canary, record, recordFile);
}

/** The record of the last arming; undefined: never armed, or it does not read. */
export function readCanaryRecord({ canary }: IncarnationPaths): CanaryRecord | undefined {
  return goodState(readState(canary, recordFile));
}

/** Whether a recorder lives: it holds its lock for as long as it does. Nothing else counts, not its pid and not its command line. */
export function hasRecorder({ lock }: IncarnationPaths): boolean {
  return isHeld(lock);
}
