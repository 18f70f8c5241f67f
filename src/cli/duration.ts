import { usage } from "./strict.ts";
import type { Verb } from "./verb.ts";

const SECOND = 1;
const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Renders seconds in at most two units: "40 s", "5 min 2 s", "3 h 12 min", "2 d 4 h". */
export function renderDuration(secs: number): string {
  const whole = Math.max(0, Math.floor(secs));
  if (whole < MINUTE) return `${whole} s`;
  if (whole < HOUR) return twoUnits(whole, [MINUTE, "min"], [SECOND, "s"]);
  return whole < DAY ? twoUnits(whole, [HOUR, "h"], [MINUTE, "min"]) : twoUnits(whole, [DAY, "d"], [HOUR, "h"]);
}

type Unit = readonly [secs: number, name: string];

function twoUnits(secs: number, [large, largeName]: Unit, [small, smallName]: Unit): string {
  const rest = Math.floor((secs % large) / small);
  return `${Math.floor(secs / large)} ${largeName}${rest === 0 ? "" : ` ${rest} ${smallName}`}`;
}

/** A time may be so far ahead of one that was read a moment before. */
const SLACK = 2;

/** Renders an age: "5 min ago". A time that the clock has not reached is "5 min in the future": the clock was set back since. */
export function renderAge(ts: string, now: Date): string {
  const secs = Math.floor((now.getTime() - Date.parse(ts)) / 1000);
  return secs < -SLACK ? `${renderLargest(-secs)} in the future` : `${renderLargest(secs)} ago`;
}

/** Returns " (5 min in the future)" for a time that the clock has not reached, else nothing. */
export function renderFuture(ts: string, now: Date): string {
  const age = renderAge(ts, now);
  return age.endsWith("ago") ? "" : ` (${age})`;
}

function renderLargest(secs: number): string {
  const coarse = [DAY, HOUR, MINUTE].find((unit) => secs >= unit) ?? SECOND;
  return renderDuration(secs - (secs % coarse));
}

const UNIT_SECS: Readonly<Record<string, number>> = { s: SECOND, m: MINUTE, h: HOUR, d: DAY };

/** Reads an option such as "90s", "30m", "24h" or "7d" as milliseconds. Throws `usage` for anything else. */
export function parseDuration(verb: Verb, name: string, text: string): number {
  const [, count, unit] = /^([0-9]{1,9})([smhd])$/.exec(text) ?? [];
  if (count !== undefined) return Number(count) * UNIT_SECS[unit!]! * 1000;
  throw usage(verb, `--${name} takes a number with s, m, h or d, like 90s, 30m, 24h or 7d, not ${JSON.stringify(text)}`);
}
