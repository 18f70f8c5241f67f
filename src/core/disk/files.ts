import { closeSync, constants, fstatSync, fsyncSync, mkdirSync, openSync, readSync, writeSync } from "node:fs";
import { errnoOf, ioError, IapeerError } from "../../model/errors.ts";

/** A file's bytes up to a size that was checked; fewer when it has shrunk since. */
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

/** Makes a folder and what is missing above it, 0700. */
export function makeFolder(path: string, mode = 0o700): void {
  try {
    mkdirSync(path, { recursive: true, mode });
  } catch (error) {
    throw ioError("write-failed", "cannot make the folder", path, error);
  }
}

/** write(2) until every byte is out; a write may take fewer than it was given. */
export function writeAll(fd: number, bytes: Uint8Array, write: typeof writeSync = writeSync): void {
  let done = 0;
  while (done < bytes.length) done += write(fd, bytes, done, bytes.length - done);
}

/** Makes a folder's entries durable (fsync(2) on the folder). */
export function syncFolder(path: string): void {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/**
 * The end of a regular file as text, at most so many bytes; empty when there is none.
 *
 * @throws IapeerError `read-failed`, also for what is no regular file.
 */
export function readTail(path: string, maxBytes: number): string {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return "";
    throw ioError("read-failed", "cannot open", path, error);
  }
  try {
    const found = fstatSync(fd);
    if (!found.isFile()) throw new IapeerError("read-failed", `cannot read ${path}: not a regular file`, { details: { path } });
    const from = Math.max(0, found.size - maxBytes);
    const bytes = Buffer.alloc(found.size - from);
    return bytes.toString("utf8", 0, readSync(fd, bytes, 0, bytes.length, from));
  } finally {
    closeSync(fd);
  }
}
