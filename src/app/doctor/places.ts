import { accessSync, closeSync, constants, openSync, statSync } from "node:fs";
import { describeErrno } from "../../model/errors.ts";
import { findUntrustedLogs } from "../../core/disk/log-files.ts";
import { describeRoom, nearestExisting, readDisks } from "../../core/disk/room.ts";
import { lookAt } from "../../core/disk/same-folder.ts";
import { tryFlock } from "../../core/libc.ts";
import { type Layout, writtenFolders } from "../../core/layout.ts";
import { quoteForSh } from "../../core/text/quoting.ts";
import { failure, good, orGood, warning } from "./check.ts";
import type { Check } from "./types.ts";

/** Checks that iapeer could write where it has to. It writes nothing to find out. */
export function checkFolders(layout: Layout): readonly Check[] {
  const problems = writtenFolders(layout).flatMap(([what, path]) => judgeFolder(what, path));
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

/** access(2), in words; it knows of a read-only file system too. */
function whyNotAccess(path: string, mode: number): string | undefined {
  try {
    accessSync(path, mode);
    return undefined;
  } catch (error) {
    return describeErrno(error);
  }
}

/** Checks that there is room for the records of a death. A full disk keeps none. */
export function checkDisk(layout: Layout): readonly Check[] {
  const rooms = readDisks(layout);
  const problems = rooms.flatMap((room) => {
    const found = describeRoom(room);
    if (found === undefined) return [];
    return [(room.state === "full" ? failure : warning)("disk", found.message, `see what fills it: ${found.command}`)];
  });
  return orGood(problems, "disk", `${Math.floor(Math.min(...rooms.map(({ bytes }) => bytes)) / MIB)} MiB are left`);
}

const MIB = 1024 * 1024;

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

/** Checks that the logs can be trusted, and that a record could be appended to them. */
export function checkLogs({ exitsLog, lifecycleLog }: Layout): readonly Check[] {
  const problems = [exitsLog, lifecycleLog].flatMap((path) => {
    const untrusted = findUntrustedLogs(path);
    if (untrusted.length > 0) return untrusted.map(({ message, hint }) => failure("logs", message, hint));
    const why = whyNotLog(path);
    return why === undefined
      ? []
      : [failure("logs", `${path} cannot be written to: ${why}`, `correct its mode: chmod u+rw ${quoteForSh(path)}`)];
  });
  return orGood(problems, "logs", "exits.log and lifecycle.log can be read and written to");
}

/** A missing log is made with its first line. */
function whyNotLog(path: string): string | undefined {
  return lookAt(path) === undefined ? undefined : whyNotAccess(path, constants.R_OK | constants.W_OK);
}
