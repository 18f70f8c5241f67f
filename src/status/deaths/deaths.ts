import { readdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { IapeerError } from "../../model/errors.ts";
import { parseEvents } from "../../core/disk/event-log.ts";
import { readTail } from "../../core/disk/files.ts";
import { quoteForMessage } from "../../model/names.ts";
import type { Layout } from "../../core/layout.ts";
import { type Death, parseDeath, withoutRepeats } from "./death-record.ts";
import { groupIncidents } from "./incidents.ts";

type Logs = Pick<Layout, "exitsLog">;

/** A log is rotated at a few megabytes: this is all of it, whatever limit somebody has set within reason. */
const FILE_BYTES = 64 * 1024 * 1024;
/** What `readLastDeaths` looks through: some thousands of records. */
const RECENT_BYTES = 1024 * 1024;
/** Nothing so long before what is asked for is looked at: not a log that was last written then, nor a record of then. */
const CLOCK_MS = 60 * 60 * 1000;

export interface DeathQuery {
  /** Only those at this time (milliseconds since 1970) or later. */
  readonly sinceMs?: number;
  /** Only those of these identities. */
  readonly identities?: readonly string[];
}

/**
 * The unclaimed ends that exits.log and all those that were rotated know of, each end once, the newest first. Of each file at
 * most the last 64 MiB are read.
 *
 * @throws IapeerError `read-failed`.
 */
export function readDeaths({ exitsLog }: Logs, { sinceMs = -Infinity, identities }: DeathQuery = {}): Death[] {
  const oldestMs = sinceMs - CLOCK_MS;
  const logs = listLogs(exitsLog).filter((path) => sinceMs === -Infinity || changedAt(path) >= oldestMs);
  const records = logs.toReversed().flatMap((path) => parseDeaths(readTail(path, FILE_BYTES), oldestMs));
  // Whoever is left out, those who died together stay together under the same name.
  const deaths = groupIncidents(sortNewestFirst(withoutRepeats(records)));
  return deaths.filter(({ ts, identity }) => Date.parse(ts) >= sinceMs && (identities?.includes(identity) ?? true));
}

/** A line of a death, at first sight. */
const DEATH_LINE = / ev=(?:session|server)-exit(?: |$)/;

function parseDeaths(text: string, oldestMs = -Infinity): Death[] {
  const oldest = oldestMs > 0 ? new Date(oldestMs).toISOString() : "";
  const isWanted = (line: string) => DEATH_LINE.test(line) && !isBefore(line, oldest);
  return parseEvents(text, isWanted)
    .map(parseDeath)
    .filter((death) => death !== undefined);
}

/** Times as we write them are in the order of their text; any other is looked at more closely later. */
function isBefore(line: string, oldest: string): boolean {
  const ts = line.slice(3, 27);
  return ts < oldest && /^\d{4}-\d\d-\d\dT[\d:.]{12}Z$/.test(ts);
}

/** Of equal times the one that was written later comes first. */
function sortNewestFirst(deaths: readonly Death[]): Death[] {
  const timed = deaths.map((death) => ({ death, ms: Date.parse(death.ts) })).toReversed();
  return timed.toSorted((a, b) => b.ms - a.ms).map(({ death }) => death);
}

/** The log and those that were rotated, the newest first, whatever is missing between them. */
function listLogs(exitsLog: string): string[] {
  const prefix = `${basename(exitsLog)}.`;
  const rotated = namesIn(dirname(exitsLog))
    .filter((name) => name.startsWith(prefix) && /^[1-9]\d{0,5}$/.test(name.slice(prefix.length)))
    .map((name) => Number(name.slice(prefix.length)));
  return [exitsLog, ...rotated.toSorted((a, b) => a - b).map((number) => join(dirname(exitsLog), `${prefix}${number}`))];
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // Nothing was ever logged; or reading the log itself will say why not.
    return [];
  }
}

function changedAt(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? -Infinity;
}

/** Records of one end stand close to each other: so many of an identity hold its last one, and what repeats it. */
const LINES_AN_IDENTITY = 4;

/**
 * The last death of each of these identities, without its incident: one quick look at the newest MiB of records. An identity
 * that last died before them is not in the result; `readDeaths` knows.
 *
 * @throws IapeerError `read-failed`.
 */
export function readLastDeaths({ exitsLog }: Logs, identities: readonly string[]): Map<string, Death> {
  const left = new Map(identities.map((identity) => [identity, LINES_AN_IDENTITY]));
  const lines: string[] = [];
  for (const line of readRecent(exitsLog).split("\n").slice(0, -1).toReversed()) {
    const identity = / identity=(\S+)/.exec(line)?.[1] ?? "";
    const count = left.get(identity) ?? 0;
    if (count === 0 || !DEATH_LINE.test(line)) continue;
    left.set(identity, count - 1);
    lines.push(line);
  }
  const deaths = sortNewestFirst(
    withoutRepeats(
      parseDeaths(
        lines
          .toReversed()
          .map((line) => `${line}\n`)
          .join(""),
      ),
    ),
  );
  return new Map(deaths.toReversed().map((death) => [death.identity, death]));
}

/**
 * The last death of some identities, with its incident; undefined: none that any log knows of.
 *
 * @throws IapeerError `read-failed`.
 */
export function readLastDeath(logs: Logs, identities: readonly string[]): Death | undefined {
  const recent = [...readLastDeaths(logs, identities).values()].map(({ ts }) => Date.parse(ts));
  return readDeaths(logs, { identities, ...(recent.length > 0 && { sinceMs: Math.max(...recent) }) })[0];
}

/** The newest log's end; where that is shorter than what is looked through, with the end of the one before. */
function readRecent(exitsLog: string): string {
  const newest = readTail(exitsLog, RECENT_BYTES);
  const room = RECENT_BYTES - newest.length;
  return room > 0 ? readTail(`${exitsLog}.1`, room) + newest : newest;
}

const LEAST_PREFIX = /^[0-9a-f]{4,}$/;

/**
 * The death with this id, or whose id alone begins with these four hex digits or more.
 *
 * @throws IapeerError `invalid-value` for what can be no id, `death-not-found`, `death-ambiguous`.
 */
export function findDeath(deaths: readonly Death[], idOrPrefix: string): Death {
  const prefix = idOrPrefix.toLowerCase();
  if (!LEAST_PREFIX.test(prefix)) {
    throw new IapeerError("invalid-value", `not the id of a death: ${quoteForMessage(idOrPrefix)}`, {
      hint: "an id is 8 hex digits, of which the first 4 may be enough; see: iapeer deaths",
    });
  }
  const found = deaths.filter(({ id }) => id.startsWith(prefix));
  const [first] = found;
  if (first === undefined) {
    throw new IapeerError("death-not-found", `no death has the id ${prefix.slice(0, 80)}`, {
      hint: "see: iapeer deaths",
      details: { id: prefix },
    });
  }
  if (found.length === 1) return first;
  const ids = found.map(({ id }) => id);
  throw new IapeerError("death-ambiguous", `${found.length} deaths have an id that begins with ${prefix}`, {
    hint: `type more of it: ${ids.slice(0, 8).join(", ")}`,
    details: { ids },
  });
}
