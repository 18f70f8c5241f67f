import { parseEvents } from "../core/event-log.ts";
import { readTail } from "../core/files.ts";

/** A log is rotated at a few megabytes: this is all of it, unless somebody has set another limit. */
const TAIL_BYTES = 8 * 1024 * 1024;
const DEATHS = new Set(["session-exit", "server-exit"]);

/** One unclaimed end as exits.log has it: every field is text. */
export interface Death extends Readonly<Record<string, string>> {
  readonly ts: string;
  readonly ev: string;
  readonly identity: string;
}

/** The last unclaimed end of one of these identities, in exits.log or those that were rotated since; undefined: none. */
export function findLastDeath(exitsLog: string, identities: readonly string[]): Death | undefined {
  for (let rotated = 0; ; rotated += 1) {
    const text = readTail(rotated === 0 ? exitsLog : `${exitsLog}.${rotated}`, TAIL_BYTES);
    const death = parseEvents(text).findLast(({ ev, identity }) => DEATHS.has(ev ?? "") && identities.includes(identity ?? ""));
    if (death !== undefined) return death as Death & Record<string, string>;
    // The newest log may still be empty after a rotation.
    if (text === "" && rotated > 0) return undefined;
  }
}
