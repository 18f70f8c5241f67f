import { closeSync, constants, fstatSync, lstatSync, openSync, readdirSync, statSync, unlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { errnoOf, ioError, IapeerError } from "../../model/errors.ts";
import { readWhole, syncFolder } from "../disk/files.ts";

/** A unit file as it should be. */
export interface UnitFile {
  /** Its name for the service manager. */
  readonly name: string;
  readonly path: string;
  readonly text: string;
}

const MAX_BYTES = 1024 * 1024;

/**
 * Reads a unit file, through a link if it is one; undefined when there is none. A masked unit is a link to /dev/null and reads as an empty
 * text (systemctl(1), mask).
 *
 * @throws IapeerError `read-failed`, also for something that is no file, or is too large for a unit.
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

/** O_NONBLOCK: the open of a FIFO would wait for a writer. */
function openUnit(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw ioError("read-failed", "cannot read", path, error);
  }
}

/** The names in a folder; none where the folder is missing. Throws IapeerError `read-failed`. */
export function listFolder(path: string): string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    if (isAbsence(error)) return [];
    throw ioError("read-failed", "cannot read", path, error);
  }
}

/** The names in a folder of links to iapeer's own units. Throws IapeerError `read-failed`, also where something else has that name. */
export function listWants(path: string): string[] {
  const isFolder = !isThere(path) || statSync(path, { throwIfNoEntry: false })?.isDirectory() !== false;
  if (isFolder) return listFolder(path);
  throw new IapeerError("read-failed", `cannot read ${path}: it is no folder`, {
    hint: "systemd needs that name for a folder of links; move it away",
    details: { path },
  });
}

/** True when anything is at a path, even a link that leads nowhere. Throws IapeerError `read-failed`. */
export function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    if (isAbsence(error)) return false;
    throw ioError("read-failed", "cannot read", path, error);
  }
}

/**
 * The links by which systemd starts a unit with others, in `*.wants` and `*.requires` beside it (systemd.unit(5)). Something of such a name
 * that is no folder is ignored, as systemd ignores it.
 */
export function listUnitLinks(path: string): string[] {
  const folder = dirname(path);
  return listFolder(folder)
    .filter((name) => name.endsWith(".wants") || name.endsWith(".requires"))
    .map((name) => join(folder, name, basename(path)))
    .filter(isThere);
}

/**
 * Removes files durably: a power cut does not bring them back. A missing file is fine.
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
