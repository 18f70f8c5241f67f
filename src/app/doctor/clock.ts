import { basename } from "node:path";
import { readBootId } from "../../core/process/boot-id.ts";
import { IapeerError } from "../../model/errors.ts";
import { parseEvents } from "../../core/disk/event-log.ts";
import { readLogTail } from "../../core/disk/log-files.ts";
import type { Layout } from "../../core/layout.ts";
import { failure, orGood, warning } from "./check.ts";
import type { Check } from "./types.ts";

/** A clock before this time is wrong. */
const LEAST_TIME = Date.parse("2025-01-01T00:00:00Z");
/** A clock that is kept right steps back and forth a little. */
const SLACK_MS = 5000;
const TAIL_BYTES = 64 * 1024;

/** Checks that the times in records can be believed, and that a restart of the host can be seen. */
export function checkClock({ exitsLog, lifecycleLog }: Layout, now: Date): readonly Check[] {
  const problems = [
    ...(now.getTime() < LEAST_TIME
      ? [failure("clock", `the clock says ${now.toISOString()}`, "set it: timedatectl set-ntp true, or date -s")]
      : []),
    ...[exitsLog, lifecycleLog].flatMap((path) => judgeNewest(path, now)),
    ...(readBootId() === ""
      ? [warning("clock", "this run of the kernel has no name: a restart of the host is not told from other ends")]
      : []),
  ];
  return orGood(problems, "clock", "the clock is not behind the logs");
}

/** A line that is newer than now: the clock was wrong when it was written, or is wrong now. */
function judgeNewest(path: string, now: Date): Check[] {
  const newest = newestTime(path);
  if (newest === undefined || !(Date.parse(newest) > now.getTime() + SLACK_MS)) return [];
  const message = `the newest line of ${basename(path)} is from ${newest}, and now it is ${now.toISOString()}: the clock was wrong then, or is now`;
  return [warning("clock", message, "compare it with another clock: date -u")];
}

function newestTime(path: string): string | undefined {
  try {
    return parseEvents(readLogTail(path, TAIL_BYTES)).at(-1)?.["ts"];
  } catch (error) {
    if (error instanceof IapeerError) return undefined;
    throw error;
  }
}
