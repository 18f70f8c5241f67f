import { readBootId, readUptimeSecs } from "../../core/process/boot-id.ts";
import type { Layout } from "../../core/layout.ts";
import { writeBeat } from "../../status/beat.ts";

/** Notes that an identity is alive now. Throws IapeerError `write-failed`. */
export function stampBeat(layout: Layout, identity: string, now: Date): void {
  const uptime = readUptimeSecs() ?? null;
  writeBeat(layout, identity, { version: 1, ts: now.toISOString(), boot_id: readBootId(), uptime_secs: uptime });
}
