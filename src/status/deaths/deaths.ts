import { statSync } from "node:fs";
import { IapeerError } from "../../model/errors.ts";
import { parseEvents } from "../../core/disk/event-log.ts";
import { findUntrustedLogs, listLogs, readLogTail } from "../../core/disk/log-files.ts";
import { readTrusted } from "../../core/disk/trust.ts";
import { quoteForMessage } from "../../model/names.ts";
import type { Layout } from "../../core/layout.ts";
import { parseDeath, withoutRepeats } from "./death-record.ts";
import { parseForensics } from "./forensics.ts";
import { groupIncidents } from "./incidents.ts";
import type { Death, DeathQuery, Forensics, Incident, Verdict } from "./types.ts";

type Logs = Pick<Layout, "exitsLog">;

/** More than a whole log, which is rotated at a few megabytes. */
const FILE_BYTES = 64 * 1024 * 1024;
/** The part of the log that readLastDeaths reads: some thousands of records. */
const RECENT_BYTES = 1024 * 1024;
/** How far clocks may differ: older logs and records than the query, by more than this, are not looked at. */
const CLOCK_MS = 60 * 60 * 1000;

/**
 * The unclaimed ends in exits.log and its rotated logs, each end once, the newest first. At most the last 64 MiB of each file are read.
 *
 * @throws IapeerError `log-untrusted`, `read-failed`.
 */
export function readDeaths({ exitsLog }: Logs, { sinceMs = -Infinity, identities }: DeathQuery = {}): Death[] {
  const oldestMs = sinceMs - CLOCK_MS;
  refuseUntrusted(exitsLog);
  const logs = listLogs(exitsLog).filter((path) => sinceMs === -Infinity || changedAt(path) >= oldestMs);
  const records = logs.toReversed().flatMap((path) => parseDeaths(readLogTail(path, FILE_BYTES), oldestMs));
  // Incidents are found before deaths are left out, so that their ids do not depend on the query.
  const deaths = groupIncidents(sortNewestFirst(withoutRepeats(records)));
  return deaths.filter(({ ts, identity }) => Date.parse(ts) >= sinceMs && (identities?.includes(identity) ?? true));
}

/** Finds the lines that may hold a death. */
const DEATH_LINE = / ev=(?:session|server)-exit(?: |$)/;

function parseDeaths(text: string, oldestMs = -Infinity): Death[] {
  const oldest = oldestMs > 0 ? new Date(oldestMs).toISOString() : "";
  const isWanted = (line: string) => DEATH_LINE.test(line) && !isBefore(line, oldest);
  return parseEvents(text, isWanted)
    .map(parseDeath)
    .filter((death) => death !== undefined);
}

/** Times as iapeer writes them sort by their text. A line with any other time is looked at more closely later. */
function isBefore(line: string, oldest: string): boolean {
  const ts = line.slice(3, 27);
  return ts < oldest && /^\d{4}-\d\d-\d\dT[\d:.]{12}Z$/.test(ts);
}

/** The newest first. Records of one time come in the reverse order of their lines. */
function sortNewestFirst(deaths: readonly Death[]): Death[] {
  const timed = deaths.map((death) => ({ death, ms: Date.parse(death.ts) })).toReversed();
  return timed.toSorted((a, b) => b.ms - a.ms).map(({ death }) => death);
}

/** Throws the first reason to distrust the logs: lines of another user, or of a file elsewhere, are no evidence. */
function refuseUntrusted(exitsLog: string): void {
  const [untrusted] = findUntrustedLogs(exitsLog);
  if (untrusted !== undefined) throw untrusted;
}

function changedAt(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? -Infinity;
}

/** Records of one end stand close together: the last few records of an identity hold its last end and all that repeat it. */
const LINES_AN_IDENTITY = 4;

/**
 * The last death of each of some identities, without its incident. It reads only the newest MiB of records: an identity that last died
 * before them is missing from the result, and readDeaths has it.
 *
 * @throws IapeerError `log-untrusted`, `read-failed`.
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
 * The last death among some identities, with its incident; undefined when no log has one.
 *
 * @throws IapeerError `log-untrusted`, `read-failed`.
 */
export function readLastDeath(logs: Logs, identities: readonly string[]): Death | undefined {
  const recent = [...readLastDeaths(logs, identities).values()].map(({ ts }) => Date.parse(ts));
  return readDeaths(logs, { identities, ...(recent.length > 0 && { sinceMs: Math.max(...recent) }) })[0];
}

/** The end of the log; where the log is short, with the end of the rotated log before it. */
function readRecent(exitsLog: string): string {
  refuseUntrusted(exitsLog);
  const newest = readLogTail(exitsLog, RECENT_BYTES);
  const room = RECENT_BYTES - newest.length;
  return room > 0 ? readLogTail(`${exitsLog}.1`, room) + newest : newest;
}

const LEAST_PREFIX = /^[0-9a-f]{4,}$/;

/**
 * The death with an id, or the only one whose id begins with some four hex digits or more.
 *
 * @throws IapeerError `invalid-value` for a text that cannot be an id, `death-not-found`, `death-ambiguous`.
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

const FORENSICS_BYTES = 1024 * 1024;

/**
 * Reads the forensics file of a death; undefined when there is none.
 *
 * @throws IapeerError `state-untrusted`: no regular file, more than 1 MiB, another user's or writable by others; `read-failed`.
 */
export function readForensics(path: string): Forensics | undefined {
  const bytes = readTrusted(path, { what: "the forensics", maxBytes: FORENSICS_BYTES });
  return bytes === undefined ? undefined : parseForensics(bytes.toString("utf8"));
}

const REASONS = {
  "host-restart": "likely host-restart: this host was started again",
  "oom-kill": "likely oom-kill: memory ran out",
  "orderly-exit": "likely an orderly end of all: kill-server, a logout or a shutdown, SIGTERM",
  failed: "likely one reason to fail: each ended with a status that is not 0",
  crashed: "likely one crash: the same tmux, or a library of it",
  killed: "likely killed by one sweep",
  unknown: "what they have in common is not known",
} as const satisfies Record<Verdict, string>;

/** The common cause of the deaths of one incident, which are one or more. */
export function describeIncident(deaths: readonly Death[]): Incident {
  const times = deaths.map(({ ts }) => ts).toSorted((a, b) => Date.parse(a) - Date.parse(b));
  const verdict = mostOf(deaths.map((death) => death.verdict)) ?? "unknown";
  const isKillSweep = verdict === "killed" && mostOf(deaths.map(({ signal }) => signal)) === "KILL";
  const reason = isKillSweep ? "likely killed by a sweep such as pkill -KILL" : REASONS[verdict];
  return { count: deaths.length, from: times[0]!, to: times.at(-1)!, verdict, reason };
}

/** The value that more than half of the values are. */
function mostOf<T>(values: readonly T[]): T | undefined {
  return values.find((value) => values.filter((other) => other === value).length * 2 > values.length);
}
