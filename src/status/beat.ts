import { join } from "node:path";
import { readBootId, readUptimeSecs } from "../core/process/boot-id.ts";
import { goodState, readState, type StateFile, writeState } from "../core/disk/state-file.ts";
import { checkFields, oneOf, required, TEXT } from "../core/text/fields.ts";
import type { Layout } from "../core/layout.ts";

/** The last heartbeat that the runtime of an agent gave. */
export interface Beat {
  readonly version: 1;
  readonly ts: string;
  /** The boot that it was given in; empty where that is not known. */
  readonly boot_id: string;
  /** The host's uptime then; null where that is not known. */
  readonly uptime_secs: number | null;
}

/** The clocks of this host at one moment. */
export interface Clocks {
  readonly now: Date;
  readonly bootId: string;
  readonly uptimeSecs: number | undefined;
}

const beatFile: StateFile<Beat> = {
  what: "the heartbeat",
  maxBytes: 4096,
  check: checkFields<Beat>({
    version: required(oneOf(1)),
    ts: required({
      isRight: (value) => typeof value === "string" && !Number.isNaN(Date.parse(value)),
      otherwise: "is not a time",
    }),
    boot_id: required(TEXT),
    uptime_secs: required({
      isRight: (value) => value === null || Number.isFinite(value),
      otherwise: "is neither null nor a number",
    }),
  }),
};

/** The file of an identity's last heartbeat. */
export function beatPath(layout: Layout, identity: string): string {
  return join(layout.stateFolder, `${identity}.beat`);
}

/** Reads the clocks, once for many heartbeats. */
export function readClocks(now: Date): Clocks {
  return { now, bootId: readBootId(), uptimeSecs: readUptimeSecs() };
}

/** The age of an identity's last heartbeat in whole seconds; undefined when there is none, or none that can be trusted. */
export function readBeat(layout: Layout, identity: string, when: Date | Clocks): { readonly ageSecs: number } | undefined {
  const beat = goodState(readState(beatPath(layout, identity), beatFile));
  const ageSecs = beat === undefined ? undefined : beatAgeSecs(beat, when instanceof Date ? readClocks(when) : when);
  return ageSecs === undefined ? undefined : { ageSecs };
}

/** Writes a heartbeat of an identity. Throws IapeerError `write-failed`. */
export function writeBeat(layout: Layout, identity: string, beat: Beat): void {
  writeState(beatPath(layout, identity), beat, beatFile);
}

/**
 * The age of a heartbeat; undefined for a heartbeat of the future. Within one boot the uptime counts, which cannot be set; otherwise the
 * clock.
 */
export function beatAgeSecs({ ts, boot_id, uptime_secs }: Beat, { now, bootId, uptimeSecs }: Clocks): number | undefined {
  const isSameBoot = boot_id !== "" && boot_id === bootId && uptime_secs !== null && uptimeSecs !== undefined;
  const age = isSameBoot ? uptimeSecs - uptime_secs : (now.getTime() - Date.parse(ts)) / 1000;
  return age >= 0 ? Math.floor(age) : undefined;
}
