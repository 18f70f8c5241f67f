import { basename, dirname, join } from "node:path";
import type { IapeerError } from "../../model/errors.ts";
import { namesIn } from "./files.ts";
import { lookForRefusal, readTrustedTail, type TrustedFile } from "./trust.ts";

const LOG: TrustedFile = { what: "the log", unreadable: "log-untrusted", insecure: "log-untrusted" };

/** The paths of a log and of its rotated logs, the newest first. Gaps between their numbers do not matter. */
export function listLogs(log: string): string[] {
  const prefix = `${basename(log)}.`;
  const rotated = namesIn(dirname(log))
    .filter((name) => name.startsWith(prefix) && /^[1-9]\d{0,5}$/.test(name.slice(prefix.length)))
    .map((name) => Number(name.slice(prefix.length)));
  return [log, ...rotated.toSorted((a, b) => a - b).map((number) => join(dirname(log), `${prefix}${number}`))];
}

/**
 * Finds the faults of a log and of its rotated logs: `log-untrusted` for a folder, a FIFO, a device, a link, or a file that another
 * user owns or may write; `read-failed` where it cannot be told. It opens none of them, so that nothing holds it up.
 */
export function findUntrustedLogs(log: string): IapeerError[] {
  return listLogs(log).flatMap((path) => lookForRefusal(path, LOG)?.error ?? []);
}

/** The last bytes of a log as text; empty for a missing one. Throws IapeerError `log-untrusted`, `read-failed`. */
export function readLogTail(path: string, maxBytes: number): string {
  return readTrustedTail(path, LOG, maxBytes);
}

/** Refuses what stands in a log's place and is no file. Throws IapeerError `log-untrusted`. */
export function refuseMisplacedLog(path: string): void {
  const refusal = lookForRefusal(path, LOG);
  if (refusal?.kind === "misplaced") throw refusal.error;
}
