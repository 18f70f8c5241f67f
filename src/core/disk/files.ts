import { closeSync, constants, fstatSync, fsyncSync, mkdirSync, openSync, readdirSync, readSync, writeSync } from "node:fs";
import { errnoOf, ioError, IapeerError, refuseStarved } from "../../model/errors.ts";

/** The bytes of a file up to a size that was checked. A file that shrank since gives fewer. */
export function readWhole(fd: number, size: number): Buffer {
  const buffer = Buffer.allocUnsafe(size);
  let length = 0;
  while (length < size) {
    const count = readSync(fd, buffer, length, size - length, length);
    if (count === 0) break;
    length += count;
  }
  return buffer.subarray(0, length);
}

/**
 * Makes a folder, and the missing folders above it.
 *
 * @throws IapeerError `write-failed`.
 */
export function makeFolder(path: string, mode = 0o700): void {
  try {
    mkdirSync(path, { recursive: true, mode });
  } catch (error) {
    throw ioError("write-failed", "cannot make the folder", path, error);
  }
}

/** The names in a folder; none where it is missing or cannot be read, which shows when one of its files is looked at. */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    refuseStarved(error);
    return [];
  }
}

/** Repeats write(2) until every byte is out: one call may take fewer bytes than it was given. */
export function writeAll(fd: number, bytes: Uint8Array, write: typeof writeSync = writeSync): void {
  let done = 0;
  while (done < bytes.length) done += write(fd, bytes, done, bytes.length - done);
}

/** Makes the entries of a folder durable (fsync(2) on the folder). */
export function syncFolder(path: string): void {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/**
 * The last bytes of a regular file as text; empty for a missing file.
 *
 * @throws IapeerError `read-failed`, for any other kind of file too.
 */
export function readTail(path: string, maxBytes: number): string {
  return readTailBytes(path, maxBytes).toString("utf8");
}

/** The last bytes of a file, as readTail has them. */
export function readTailBytes(path: string, maxBytes: number): Buffer {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return Buffer.alloc(0);
    throw ioError("read-failed", "cannot open", path, error);
  }
  try {
    const found = fstatSync(fd);
    if (!found.isFile()) throw new IapeerError("read-failed", `cannot read ${path}: not a regular file`, { details: { path } });
    const from = Math.max(0, found.size - maxBytes);
    const bytes = Buffer.alloc(found.size - from);
    return bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, from));
  } finally {
    closeSync(fd);
  }
}
