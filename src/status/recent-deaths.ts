import { readTail } from "../core/files.ts";
import { parseEvents } from "../core/event-log.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
/** More than a day of deaths will ever fill; older lines do not matter here. */
const TAIL_BYTES = 4 * 1024 * 1024;
const DEATHS = new Set(["session-exit", "server-exit"]);

/** How many unclaimed ends exits.log has of the last 24 hours. */
export function countRecentDeaths(exitsLog: string, now: Date): number {
  const since = now.getTime() - DAY_MS;
  return parseEvents(readTail(exitsLog, TAIL_BYTES)).filter(({ ev, ts }) => DEATHS.has(ev ?? "") && Date.parse(ts ?? "") >= since).length;
}
