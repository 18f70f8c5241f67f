import { closeSync, constants, fstatSync, lstatSync, openSync, realpathSync, type Stats } from "node:fs";
import { readWhole } from "../../core/disk/files.ts";
import { describeErrno, errnoOf } from "../../model/errors.ts";
import type { Finding } from "./problems.ts";

const MAX_BYTES = 1024 * 1024;

/** The result of opening a fleet file. */
export interface Opened {
  /** The path of the file itself, links followed; left out where nothing can be opened. */
  readonly real?: string;
  /** Left out for a file that must not be read. */
  readonly content?: Buffer;
  readonly findings: readonly Finding[];
  /** Nothing is at that path. */
  readonly isMissing?: boolean;
}

/** Opens a fleet file; a link to it is followed. It never throws: the result has the findings. */
export function openFleetFile(path: string): Opened {
  try {
    const real = realpathSync(path);
    return { real, ...open(real) };
  } catch (error) {
    if (errnoOf(error) === "ENOENT" && !isLink(path)) return { findings: [], isMissing: true };
    return { findings: [whyNot(error)] };
  }
}

/** O_NONBLOCK: nobody waits for the writer of a FIFO. The opened file itself is judged, not its path. */
function open(real: string): Opened {
  const fd = openSync(real, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  try {
    const found = fstatSync(fd);
    const findings = [...findOddities(found), ...findDistrust(found, real)];
    // A file that others may write is read all the same: its other problems are told too.
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

export function unreadable(why: string): Finding {
  return { code: "fleet-unreadable", message: `the fleet file ${why}`, path: [] };
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
}
