import { closeSync, constants, fstatSync, lstatSync, openSync, readdirSync, statSync, unlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { errnoOf, ioError, IapeerError } from "../../model/errors.ts";
import { readWhole, syncFolder } from "../disk/files.ts";

/** A service's file as it is to be. */
export interface UnitFile {
  /** What the service manager calls it. */
  readonly name: string;
  readonly path: string;
  readonly text: string;
}

const MAX_BYTES = 1024 * 1024;

/**
 * The text of a service's file, a link to it followed; empty for one that is masked, which is a link to /dev/null (systemctl(1), mask);
 * undefined when there is none.
 *
 * @throws IapeerError `read-failed`, also for what is no file, or too large for a unit.
 */
export function readUnitText(path: string): string | undefined {
  const fd = openUnit(path);
  if (fd === undefined) return undefined;
  try {
    const found = fstatSync(fd);
    if (found.isCharacterDevice()) return "";
    if (!found.isFile() || found.size > MAX_BYTES)
      throw new IapeerError("read-failed", `cannot read ${path}: it is no unit's file`, { details: { path } });
    return readWhole(fd, found.size).toString("utf8");
  } finally {
    closeSync(fd);
  }
}

/** O_NONBLOCK: a FIFO's writer is not waited for. */
function openUnit(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw ioError("read-failed", "cannot read", path, error);
  }
}

/** What is in a folder; nothing where there is none. Throws `read-failed`. */
export function listFolder(path: string): string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    if (isAbsence(error)) return [];
    throw ioError("read-failed", "cannot read", path, error);
  }
}

/** What is in the folder of the links to iapeer's own units. Throws `read-failed`, also where something else has its name. */
export function listWants(path: string): string[] {
  const isFolder = !isThere(path) || statSync(path, { throwIfNoEntry: false })?.isDirectory() !== false;
  if (isFolder) return listFolder(path);
  throw new IapeerError("read-failed", `cannot read ${path}: it is no folder`, {
    hint: "systemd needs that name for a folder of links; move it away",
    details: { path },
  });
}

/** Whether something has that name, a link that leads nowhere too. Nothing is below a file. Throws `read-failed`. */
export function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    if (isAbsence(error)) return false;
    throw ioError("read-failed", "cannot read", path, error);
  }
}

/**
 * The links by which systemd starts a unit together with others: they are in `*.wants` and `*.requires` (systemd.unit(5)). Such a name
 * that is no folder is passed over, as systemd does.
 */
export function listUnitLinks(path: string): string[] {
  const folder = dirname(path);
  return listFolder(folder)
    .filter((name) => name.endsWith(".wants") || name.endsWith(".requires"))
    .map((name) => join(folder, name, basename(path)))
    .filter(isThere);
}

/**
 * Removes files, for good: a power cut does not bring them back. What is not there is fine.
 *
 * @throws IapeerError `write-failed`.
 */
export function removeFiles(paths: readonly string[]): void {
  for (const path of paths) {
    try {
      unlinkSync(path);
      syncFolder(dirname(path));
    } catch (error) {
      if (!isAbsence(error)) throw ioError("write-failed", "cannot remove", path, error);
    }
  }
}

function isAbsence(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR"].includes(errnoOf(error) ?? "");
}
