import { closeSync, constants, fstatSync, lstatSync, openSync, realpathSync, type Stats } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { describeErrno, errnoOf } from "../../model/errors.ts";
import { readWhole } from "../../core/disk/files.ts";
import type { Env, Layout } from "../../core/layout.ts";
import { checkFleet, type CheckedFleet } from "./check.ts";
import { type Finding, hasErrors, inOrder, type Problem, toProblem } from "./problems.ts";
import type { Surroundings } from "./surroundings.ts";

export interface FleetReading extends CheckedFleet {
  /** The file's text, where it could be read. */
  readonly text?: string;
  /** Nothing is at that path. */
  readonly isMissing?: boolean;
}

const MAX_BYTES = 1024 * 1024;
const TOP = { line: 1, column: 1 };

/** The fleet file: `--file`, else `$IAPEER_FLEET`, else `<root>/fleet.yaml`. */
export function fleetPath(layout: Layout, env: Env, named?: string): string {
  return resolve(named ?? (env["IAPEER_FLEET"] || join(layout.root, "fleet.yaml")));
}

/**
 * A fleet file, a link to it followed. It decides what runs in your name, so the file itself must be yours and not
 * everybody's to write. It never throws: what is wrong is in `problems`, all of it, with its place.
 */
export function readFleet(path: string, surroundings: Surroundings): FleetReading {
  let real: string;
  let bytes: Opened;
  try {
    real = realpathSync(path);
    bytes = open(real);
  } catch (error) {
    if (errnoOf(error) === "ENOENT" && !isLink(path)) return { problems: [], isMissing: true };
    return { problems: [problemOf(path, whyNot(error))] };
  }
  const before = bytes.findings.map((finding) => problemOf(path, finding));
  if (bytes.content === undefined) return { problems: before };
  const text = decode(bytes.content);
  if (text === undefined) return { problems: [...before, problemOf(path, unreadable("is not UTF-8"))] };
  const { fleet, problems } = checkFleet({ text, file: path, base: dirname(real) }, surroundings);
  const all = inOrder([...before, ...problems]);
  return { problems: all, text, ...(fleet !== undefined && !hasErrors(all) && { fleet }) };
}

interface Opened {
  readonly content?: Buffer;
  readonly findings: readonly Finding[];
}

/** O_NONBLOCK: a FIFO's writer is not waited for. Everything is judged on what was opened. */
function open(real: string): Opened {
  const fd = openSync(real, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  try {
    const found = fstatSync(fd);
    const findings = [...findOddities(found), ...findDistrust(found, real)];
    // A file that others may write is read all the same: what else is wrong with it is told too.
    return findings.some(({ code }) => code === "fleet-unreadable")
      ? { findings }
      : { findings, content: readWhole(fd, found.size) };
  } finally {
    closeSync(fd);
  }
}

function findOddities(found: Stats): Finding[] {
  if (found.isDirectory()) return [unreadable("is a folder")];
  if (found.isFIFO()) return [unreadable("is a FIFO")];
  if (!found.isFile()) return [unreadable("is not a regular file")];
  return found.size > MAX_BYTES ? [unreadable(`is ${found.size} bytes, more than the ${MAX_BYTES} that iapeer reads`)] : [];
}

function findDistrust({ uid, mode }: Stats, real: string): Finding[] {
  const hint = (command: string) => `look at what is in it, then: ${command} '${real}'`;
  if (uid !== process.geteuid!())
    return [
      {
        code: "fleet-insecure",
        message: `the fleet file belongs to another user (uid ${uid})`,
        path: [],
        hint: hint('chown "$(id -un)"'),
      },
    ];
  if ((mode & 0o002) !== 0)
    return [
      { code: "fleet-insecure", message: "the fleet file may be written by everybody", path: [], hint: hint("chmod go-w") },
    ];
  if ((mode & 0o020) !== 0)
    return [
      { code: "fleet-group-writable", message: "the fleet file may be written by its group", path: [], hint: hint("chmod g-w") },
    ];
  return [];
}

function whyNot(error: unknown): Finding {
  const errno = errnoOf(error);
  if (errno === "ENOENT") return unreadable("is a symbolic link that leads nowhere");
  if (errno === "ELOOP") return unreadable("is a symbolic link that leads back to itself");
  if (errno === "ENXIO") return unreadable("is a socket");
  return unreadable(`cannot be read: ${describeErrno(error)}`);
}

function unreadable(why: string): Finding {
  return { code: "fleet-unreadable", message: `the fleet file ${why}`, path: [] };
}

function problemOf(path: string, finding: Finding): Problem {
  return toProblem(finding, path, TOP);
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
