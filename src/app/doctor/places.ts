import { accessSync, closeSync, constants, lstatSync, openSync, statfsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { describeErrno, errnoOf } from "../../model/errors.ts";
import { tryFlock } from "../../core/libc.ts";
import type { Layout } from "../../core/layout.ts";
import { quoteForSh } from "../../core/text/quoting.ts";
import { failure, good, orGood, warning } from "./check.ts";
import type { Check } from "./types.ts";

/** The folders that iapeer writes into, with their names for a person. */
function foldersOf({
  root,
  stateFolder,
  deathsFolder,
  peersFolder,
  exitsLog,
}: Layout): (readonly [what: string, path: string])[] {
  return [
    ["the root", root],
    ["the state folder", stateFolder],
    ["the logs' folder", dirname(exitsLog)],
    ["the folder of forensics", deathsFolder],
    ["the folder of peers", peersFolder],
  ];
}

/** Checks that iapeer could write where it has to. It writes nothing to find out. */
export function checkFolders(layout: Layout): readonly Check[] {
  const problems = foldersOf(layout).flatMap(([what, path]) => judgeFolder(what, path));
  const isThere = nearestExisting(layout.root) === layout.root;
  return orGood(
    problems,
    "folders",
    isThere ? `${layout.root} can be written to` : `${layout.root} is not there yet, and can be made`,
  );
}

function judgeFolder(what: string, path: string): Check[] {
  const nearest = nearestExisting(path);
  // A missing folder above it is the row of that folder.
  if (nearest !== path && what !== "the root") return [];
  const found = statSync(nearest);
  const name = `${what} ${path}`;
  if (!found.isDirectory())
    return [
      failure(
        "folders",
        `${name} cannot be made: ${nearest} is not a folder`,
        `move it away: mv ${quoteForSh(nearest)} ${quoteForSh(`${nearest}.away`)}`,
      ),
    ];
  const mend = `look at what is in it, then: chown "$(id -un)" ${quoteForSh(path)} && chmod u+rwx,go-w ${quoteForSh(path)}`;
  if (nearest === path && found.uid !== process.geteuid!())
    return [failure("folders", `${name} belongs to another user (uid ${found.uid})`, mend)];
  if (nearest === path && (found.mode & 0o022) !== 0) return [failure("folders", `${name} may be written by others`, mend)];
  const why = whyNotAccess(nearest, constants.W_OK | constants.X_OK);
  return why === undefined ? [] : [failure("folders", `${name} cannot be written to: ${why}`, mend)];
}

/** The path, or the lowest thing above it that is there. */
function nearestExisting(path: string): string {
  try {
    if (statSync(path, { throwIfNoEntry: false }) !== undefined) return path;
  } catch {
    // Something above it is no folder, or is closed to this user: the search goes on above.
  }
  return nearestExisting(dirname(path));
}

/** access(2), in words; it knows of a read-only file system too. */
function whyNotAccess(path: string, mode: number): string | undefined {
  try {
    accessSync(path, mode);
    return undefined;
  } catch (error) {
    return describeErrno(error);
  }
}

const LEAST_BYTES = 64 * 1024 * 1024;
const LEAST_INODES = 0.01;
const MIB = 1024 * 1024;

/** Checks that there is room for the records of a death. */
export function checkDisk(layout: Layout): readonly Check[] {
  const places = [...foldersOf(layout).map(([, path]) => path), layout.socketFolder].map(nearestExisting);
  const disks = Map.groupBy(places, (path) => statSync(path).dev);
  const rooms = [...disks.values()].map(([path]) => ({ path: path!, ...readRoom(path!) }));
  const problems = rooms.flatMap(({ path, bytes, inodes }) => {
    const mib = Math.floor(bytes / MIB);
    const few = Math.floor(inodes * 1000) / 10;
    return [
      ...(bytes < LEAST_BYTES
        ? [warning("disk", `${mib} MiB are left on the disk of ${path}`, `see what fills it: df -h ${quoteForSh(path)}`)]
        : []),
      ...(inodes < LEAST_INODES
        ? [warning("disk", `${few} % of the inodes are left on the disk of ${path}`, `see: df -i ${quoteForSh(path)}`)]
        : []),
    ];
  });
  return orGood(problems, "disk", `${Math.floor(Math.min(...rooms.map(({ bytes }) => bytes)) / MIB)} MiB are left`);
}

interface Room {
  readonly bytes: number;
  /** The part of the inodes that is free; 1 on a file system that has no fixed number of them. */
  readonly inodes: number;
}

function readRoom(path: string): Room {
  const { bavail, bsize, files, ffree } = statfsSync(path);
  return { bytes: bavail * bsize, inodes: files > 0 ? ffree / files : 1 };
}

/** Checks that the kernel locks files where the root is, by a shared lock on the folder itself. */
export function checkLocking({ root }: Layout): Check {
  const place = nearestExisting(root);
  const hint = "move the root to a local disk: IAPEER_ROOT";
  try {
    const fd = openSync(place, constants.O_RDONLY | constants.O_NONBLOCK);
    const held = tryFlock(fd, "shared");
    closeSync(fd);
    return typeof held === "number"
      ? failure("locking", `the file system of ${place} does not lock files (flock, errno ${held})`, hint)
      : good("locking", "the root's file system locks files");
  } catch (error) {
    return failure("locking", `whether the file system of ${place} locks files cannot be told: ${describeErrno(error)}`, hint);
  }
}

/** Checks that a record could be appended to the logs. */
export function checkLogs({ exitsLog, lifecycleLog }: Layout): readonly Check[] {
  const problems = [exitsLog, lifecycleLog].flatMap((path) => {
    const why = whyNotLog(path);
    return why === undefined
      ? []
      : [
          failure(
            "logs",
            `${path} ${why}: nothing can be recorded there`,
            `look at it, then: mv ${quoteForSh(path)} ${quoteForSh(`${path}.away`)}`,
          ),
        ];
  });
  return orGood(problems, "logs", "exits.log and lifecycle.log can be written to");
}

/** A log is not written through a link, which may lead anywhere. */
function whyNotLog(path: string): string | undefined {
  try {
    const found = lstatSync(path);
    if (found.isSymbolicLink()) return "is a symbolic link";
    if (!found.isFile()) return "is not a regular file";
    if (found.uid !== process.geteuid!()) return `belongs to another user (uid ${found.uid})`;
  } catch (error) {
    return errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR" ? undefined : describeErrno(error);
  }
  return whyNotAccess(path, constants.R_OK | constants.W_OK);
}
