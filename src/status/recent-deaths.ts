import { readTail } from "../core/files.ts";
import { parseEvents } from "../core/event-log.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
/** More than a day of deaths will ever fill; older lines do not matter here. */
const TAIL_BYTES = 4 * 1024 * 1024;
const DEATHS = new Set(["session-exit", "server-exit"]);

/** How many unclaimed ends exits.log, and those that were rotated since, have of the last 24 hours. */
export function countRecentDeaths(exitsLog: string, now: Date): number {
  const since = now.getTime() - DAY_MS;
  let count = 0;
  for (let rotated = 0; ; rotated += 1) {
    const text = readTail(rotated === 0 ? exitsLog : `${exitsLog}.${rotated}`, TAIL_BYTES);
    const recent = parseEvents(text).filter(({ ts }) => Date.parse(ts ?? "") >= since);
    count += recent.filter(({ ev }) => DEATHS.has(ev ?? "")).length;
    // The newest log may still be empty after a rotation.
    if (recent.length === 0 && rotated > 0) return count;
  }
}
