import type { ProcessId } from "../../core/process/process-table.ts";

/** How a recorder sees the end of its server: as the server's parent, or through a tmux client that waits on a channel. */
export type Witness = "parent" | "client";

/** Why a recorder was armed: with the launch, to replace a lost one, or by hand. */
export type Origin = "launch" | "retrofit" | "manual";

/** The recorder of one incarnation, as it was when it was armed. */
export interface CanaryRecord {
  readonly version: 1;
  readonly recorder: ProcessId;
  readonly witness: Witness;
  readonly since: string;
  readonly origin: Origin;
}
