import { writeAtomically } from "../../core/disk/atomic-write.ts";
import { readBootId, readUptimeSecs } from "../../core/process/boot-id.ts";
import { makeFolder } from "../../core/disk/files.ts";
import { renderJson } from "../../core/text/json.ts";
import type { Layout } from "../../core/layout.ts";
import { type Beat, beatPath } from "../../status/beat.ts";

/** Notes that an identity is alive now. Throws IapeerError `write-failed`. */
export function stampBeat(layout: Layout, identity: string, now: Date): void {
  const beat: Beat = { version: 1, ts: now.toISOString(), boot_id: readBootId(), uptime_secs: readUptimeSecs() ?? null };
  makeFolder(layout.stateFolder);
  writeAtomically(beatPath(layout, identity), renderJson(beat));
}
