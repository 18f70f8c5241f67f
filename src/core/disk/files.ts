import { closeSync, constants, fstatSync, fsyncSync, lstatSync, mkdirSync, openSync, readSync, writeSync } from "node:fs";
import { type ErrorCode, errnoOf, ioError, IapeerError } from "../../model/errors.ts";

export interface TrustedFile {
  /** What the file is, for messages: "the registry". */
  readonly what: string;
  /** A bigger file is refused unread. */
  readonly maxBytes: number;
  /** The code for a link, a folder, a FIFO, a file that is too large or cannot be read. */
  readonly unreadable: ErrorCode;
  /** The code for another owner, or a file that others may write. */
  readonly insecure: ErrorCode;
}

const OTHERS_MAY_WRITE = 0o022;

/**
 * The bytes of a file that only this user can have written; undefined when nothing is at that path.
 * It is opened once, without following a link and without waiting for a FIFO's writer, and everything
 * is checked on what was opened.
 */
export function readTrusted(path: string, file: TrustedFile): Buffer | undefined {
  const fd = openTrusted(path, file);
  if (fd === undefined) return undefined;
  try {
    const size = checkTrusted(fd, path, file);
    return readWhole(fd, size);
  } catch (error) {
    throw ioError(codeFor(error, file.unreadable), `cannot read ${file.what}`, path, error);
  } finally {
    closeSync(fd);
  }
}

function openTrusted(path: string, file: TrustedFile): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "ENOENT") return undefined;
    // ENXIO: a socket.
    if (errno === "ELOOP" || errno === "ENXIO") throw refuse(path, file, kindOf(path));
    throw ioError(codeFor(error, file.unreadable), `cannot open ${file.what}`, path, error);
  }
}

/** Failures that say something of this process or machine, and nothing of what is stored. */
const NOT_ABOUT_THE_FILE = new Set(["EACCES", "EPERM", "EMFILE", "ENFILE", "ENOMEM", "EIO"]);

function codeFor(error: unknown, code: ErrorCode): ErrorCode {
  return NOT_ABOUT_THE_FILE.has(errnoOf(error) ?? "") ? "read-failed" : code;
}

function kindOf(path: string): string {
  const found = lstatSync(path);
  return found.isSymbolicLink() ? "is a symbolic link" : "is not a regular file";
}

function checkTrusted(fd: number, path: string, file: TrustedFile): number {
  const found = fstatSync(fd);
  if (found.isDirectory()) throw refuse(path, file, "is a folder");
  if (found.isFIFO()) throw refuse(path, file, "is a FIFO");
  if (!found.isFile()) throw refuse(path, file, "is not a regular file");
  const distrust = distrustOf(found);
  if (distrust !== undefined) throw insecure(path, file.what, { code: file.insecure, distrust, mode: found.mode });
  if (found.size > file.maxBytes)
    throw refuse(path, file, `is ${found.size} bytes, more than the ${file.maxBytes} that iapeer reads`);
  return found.size;
}

function refuse(path: string, file: TrustedFile, why: string): IapeerError {
  return new IapeerError(file.unreadable, `${file.what} ${path} ${why}`, { details: { path } });
}

function distrustOf(found: { readonly uid: number; readonly mode: number }): string | undefined {
  if (found.uid !== process.geteuid!()) return `belongs to another user (uid ${found.uid})`;
  if ((found.mode & OTHERS_MAY_WRITE) !== 0) return "may be written by others";
  return undefined;
}

function insecure(path: string, what: string, found: { code: ErrorCode; distrust: string; mode: number }): IapeerError {
  const mode = (found.mode & 0o7777).toString(8).padStart(4, "0");
  return new IapeerError(found.code, `${what} ${path} ${found.distrust}`, {
    hint: `look at what is in it, then: chown "$(id -un)" '${path}' && chmod go-w '${path}'`,
    details: { path, mode },
  });
}

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

/**
 * Refuses a folder that is not this user's alone to write. A folder that is not there is fine.
 * The path itself may be a link (a person's `~/.iapeer` may live elsewhere): what it leads to is checked.
 */
export function checkFolder(path: string, what: string, code: ErrorCode): void {
  const fd = openFolder(path, what, code);
  if (fd === undefined) return;
  try {
    const found = fstatSync(fd);
    const distrust = distrustOf(found);
    if (distrust !== undefined) throw insecure(path, what, { code, distrust, mode: found.mode });
  } finally {
    closeSync(fd);
  }
}

function openFolder(path: string, what: string, code: ErrorCode): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NONBLOCK);
  } catch (error) {
    if (errnoOf(error) === "ENOENT" && lstatSync(path, { throwIfNoEntry: false }) === undefined) return undefined;
    throw ioError(codeFor(error, code), `cannot open ${what}`, path, error);
  }
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
