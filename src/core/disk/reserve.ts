import { closeSync, constants, fchmodSync, fstatSync, fsyncSync, ftruncateSync, openSync, renameSync } from "node:fs";
import { dirname } from "node:path";
import { errnoOf, ioError } from "../../model/errors.ts";
import { syncFolder, writeAll } from "./files.ts";

/** More than any text that takes a reserved place, and small enough for one block of a disk. */
const RESERVED_BYTES = 512;

/**
 * Reserves room for a file that must be written later, whatever fills the disk until then: an inode and a block with text in it, on the
 * disk when this returns. A file system that writes every block anew (btrfs, ZFS) promises less.
 *
 * @throws IapeerError `write-failed`.
 */
export function reserveRoom(reserved: string): void {
  const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW, O_NONBLOCK } = constants;
  try {
    const fd = openSync(reserved, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK, 0o600);
    try {
      fchmodSync(fd, 0o600);
      writeAll(fd, Buffer.alloc(RESERVED_BYTES, " "));
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    syncFolder(dirname(reserved));
  } catch (error) {
    throw ioError("write-failed", "cannot reserve room for", reserved, error);
  }
}

/**
 * Writes a file in room that was reserved, and gives it its place: in the reserved block, fsync, rename, fsync of the folder. The file is
 * there whole or not at all, and replaces one that is there. A file that gives its own path as the room is overwritten where it is.
 *
 * @returns false where there is no such room, or none can be written: nothing has changed then at the file's place.
 */
export function writeReserved(reserved: string, path: string, text: string): boolean {
  try {
    const fd = openSync(reserved, constants.O_WRONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      if (!fstatSync(fd).isFile()) return false;
      const bytes = Buffer.from(text, "utf8");
      writeAll(fd, bytes);
      ftruncateSync(fd, bytes.length);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(reserved, path);
    syncFolder(dirname(path));
    return true;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return false;
  }
}

/** Takes a file away again and keeps its room for the next. A missing file is no error. Throws IapeerError `write-failed`. */
export function giveBack(path: string, reserved: string): void {
  try {
    renameSync(path, reserved);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw ioError("write-failed", "cannot take away", path, error);
  }
}
