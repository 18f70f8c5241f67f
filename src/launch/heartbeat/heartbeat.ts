import type { Layout } from "../../core/layout.ts";
import { readBootId, readUptimeSecs } from "../../core/process/boot-id.ts";
import { quoteForSh } from "../../core/text/quoting.ts";
import { writeBeat } from "../../status/beat.ts";
import wrapper from "./heartbeat-wrapper.sh" with { type: "text" };

/** How often a wrapped program gives a sign of life, where a call does not say. */
export const BEAT_EVERY_SECS = 30;

/** Writes down that an identity is alive now. Throws IapeerError `write-failed`. */
export function stampBeat(layout: Layout, identity: string, now: Date): void {
  const uptime = readUptimeSecs() ?? null;
  writeBeat(layout, identity, { version: 1, ts: now.toISOString(), boot_id: readBootId(), uptime_secs: uptime });
}

/**
 * The words that stand before a program's own, so that a runtime that knows nothing of heartbeats gives them. The wrapper becomes the
 * program: the same process, with its words, terminal and end untouched. Beside it a shell loop calls iapeer for as long as the program
 * lives, and that call stamps a heartbeat if the program answers.
 *
 * @param self the words that run iapeer, its path absolute
 * @param peer the heartbeat's peer or identity; left out: the identity of the session that the program runs in (`PEER_IDENTITY`)
 */
export function heartbeatWrapper(self: readonly string[], everySecs: number, peer?: string): string[] {
  const beat = [...self, "heartbeat", ...(peer === undefined ? [] : [peer])].map(quoteForSh).join(" ");
  return ["/bin/sh", "-c", withoutComments(wrapper), "iapeer-heartbeat", String(everySecs), beat];
}

/** The script without its comments: as an argument it stands in every list of processes. */
function withoutComments(script: string): string {
  return script
    .split("\n")
    .filter((line) => !/^\s*(#|$)/.test(line))
    .join("\n");
}
