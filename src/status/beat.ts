import { join } from "node:path";
import { readBootId, readUptimeSecs } from "../core/process/boot-id.ts";
import { readTrusted } from "../core/disk/files.ts";
import { parseStrictJson } from "../core/text/json.ts";
import type { Layout } from "../core/layout.ts";

/** The last sign of life that an agent's runtime gave of itself. */
export interface Beat {
  readonly version: 1;
  readonly ts: string;
  /** Empty where it cannot be told, as readBootId. */
  readonly boot_id: string;
  /** null where it cannot be told, as readUptimeSecs. */
  readonly uptime_secs: number | null;
}

/** What the clocks show. */
export interface Clocks {
  readonly now: Date;
  readonly bootId: string;
  readonly uptimeSecs: number | undefined;
}

export function beatPath(layout: Layout, identity: string): string {
  return join(layout.stateFolder, `${identity}.beat`);
}

/** What the clocks show, for many looks at one moment. */
export function readClocks(now: Date): Clocks {
  return { now, bootId: readBootId(), uptimeSecs: readUptimeSecs() };
}

/** How long ago an identity gave its last sign of life, in whole seconds; undefined when there is none, or none that can be trusted. */
export function readBeat(layout: Layout, identity: string, when: Date | Clocks): { readonly ageSecs: number } | undefined {
  const beat = parseBeat(readBytes(beatPath(layout, identity)));
  const ageSecs = beat === undefined ? undefined : beatAgeSecs(beat, when instanceof Date ? readClocks(when) : when);
  return ageSecs === undefined ? undefined : { ageSecs };
}

/** By the time since the boot, which nobody sets; after another boot, or where that is not told, by the clock, but never from the future. */
export function beatAgeSecs({ ts, boot_id, uptime_secs }: Beat, { now, bootId, uptimeSecs }: Clocks): number | undefined {
  const isSameBoot = boot_id !== "" && boot_id === bootId && uptime_secs !== null && uptimeSecs !== undefined;
  const age = isSameBoot ? uptimeSecs - uptime_secs : (now.getTime() - Date.parse(ts)) / 1000;
  return age >= 0 ? Math.floor(age) : undefined;
}

/** undefined for what a newer version wrote, or nobody of ours. */
export function parseBeat(bytes: Uint8Array | undefined): Beat | undefined {
  if (bytes === undefined) return undefined;
  try {
    const beat = parseStrictJson(bytes) as Partial<Beat> | null;
    const isUptime = beat?.uptime_secs === null || (typeof beat?.uptime_secs === "number" && Number.isFinite(beat.uptime_secs));
    const isRight =
      beat?.version === 1 &&
      typeof beat.ts === "string" &&
      !Number.isNaN(Date.parse(beat.ts)) &&
      typeof beat.boot_id === "string" &&
      isUptime;
    return isRight ? (beat as Beat) : undefined;
  } catch {
    return undefined;
  }
}

function readBytes(path: string): Buffer | undefined {
  try {
    return readTrusted(path, { what: "the heartbeat", maxBytes: 4096, unreadable: "read-failed", insecure: "read-failed" });
  } catch {
    return undefined;
  }
}
