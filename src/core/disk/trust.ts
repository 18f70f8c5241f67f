import { closeSync, constants, fstatSync, lstatSync, openSync, type Stats } from "node:fs";
import { type ErrorCode, errnoOf, ioError, IapeerError } from "../../model/errors.ts";
import { readWhole } from "./files.ts";

export interface TrustedFile {
  /** The name of the file in messages: "the registry". */
  readonly what: string;
  /** A bigger file is refused unread. Default 64 KiB. */
  readonly maxBytes?: number;
  /** The code for a link, a folder, a FIFO, a file too large, or one that cannot be read. Default `read-failed`. */
  readonly unreadable?: ErrorCode;
  /** The code for a file of another owner, or one that other users may write. Default `read-failed`. */
  readonly insecure?: ErrorCode;
}

/** The reason to refuse a file. `insecure`: another user may have written it. */
export interface Refusal {
  readonly kind: "unreadable" | "insecure";
  readonly error: IapeerError;
}

/** The bytes of a file that only this user can have written, or the reason for their absence. */
export type TrustedReading = { readonly kind: "missing" } | { readonly kind: "found"; readonly bytes: Buffer } | Refusal;

/**
 * Reads a file that only this user can have written. It is opened once, and no link is followed. A FIFO
 * without a writer does not hold it up. Every check is on the opened file. It never throws.
 */
export function inspectTrusted(path: string, file: TrustedFile): TrustedReading {
  const fd = openTrusted(path, file);
  if (typeof fd !== "number") return fd;
  try {
    const found = fstatSync(fd);
    return findRefusal(found, path, file) ?? { kind: "found", bytes: readWhole(fd, found.size) };
  } catch (error) {
    return unreadable(ioError(codeFor(error, file.unreadable), `cannot read ${file.what}`, path, error));
  } finally {
    closeSync(fd);
  }
}

/**
 * Reads the same bytes; undefined for a missing file.
 *
 * @throws IapeerError with the codes of the file; `read-failed` for a failure that tells nothing about the file.
 */
export function readTrusted(path: string, file: TrustedFile): Buffer | undefined {
  const reading = inspectTrusted(path, file);
  if (reading.kind === "missing") return undefined;
  if (reading.kind === "found") return reading.bytes;
  throw reading.error;
}

function openTrusted(path: string, file: TrustedFile): number | Exclude<TrustedReading, { readonly kind: "found" }> {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "ENOENT") return { kind: "missing" };
    // ENXIO: the path is a socket.
    if (errno === "ELOOP" || errno === "ENXIO") return refuse(path, file, kindOf(path));
    return unreadable(ioError(codeFor(error, file.unreadable), `cannot open ${file.what}`, path, error));
  }
}

/** Failures that tell about this process or machine, and nothing about the file. */
const NOT_ABOUT_THE_FILE = new Set(["EACCES", "EPERM", "EMFILE", "ENFILE", "ENOMEM", "EIO"]);

function codeFor(error: unknown, code: ErrorCode = "read-failed"): ErrorCode {
  return NOT_ABOUT_THE_FILE.has(errnoOf(error) ?? "") ? "read-failed" : code;
}

function kindOf(path: string): string {
  const isLink = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
  return isLink ? "is a symbolic link" : "is not a regular file";
}

const MAX_BYTES = 65_536;

function findRefusal(found: Stats, path: string, file: TrustedFile): Refusal | undefined {
  const { what, maxBytes = MAX_BYTES, insecure = "read-failed" } = file;
  if (found.isDirectory()) return refuse(path, file, "is a folder");
  if (found.isFIFO()) return refuse(path, file, "is a FIFO");
  if (!found.isFile()) return refuse(path, file, "is not a regular file");
  const distrust = distrustOf(found);
  if (distrust !== undefined)
    return { kind: "insecure", error: distrusted(path, what, { code: insecure, distrust, mode: found.mode }) };
  if (found.size > maxBytes) return refuse(path, file, `is ${found.size} bytes, more than the ${maxBytes} that iapeer reads`);
  return undefined;
}

function refuse(path: string, file: TrustedFile, why: string): Refusal {
  return unreadable(new IapeerError(file.unreadable ?? "read-failed", `${file.what} ${path} ${why}`, { details: { path } }));
}

function unreadable(error: IapeerError): Refusal {
  return { kind: "unreadable", error };
}

const OTHERS_MAY_WRITE = 0o022;

function distrustOf(found: { readonly uid: number; readonly mode: number }): string | undefined {
  if (found.uid !== process.geteuid!()) return `belongs to another user (uid ${found.uid})`;
  if ((found.mode & OTHERS_MAY_WRITE) !== 0) return "may be written by others";
  return undefined;
}

function distrusted(path: string, what: string, found: { code: ErrorCode; distrust: string; mode: number }): IapeerError {
  const mode = (found.mode & 0o7777).toString(8).padStart(4, "0");
  return new IapeerError(found.code, `${what} ${path} ${found.distrust}`, {
    hint: `look at what is in it, then: chown "$(id -un)" '${path}' && chmod go-w '${path}'`,
    details: { path, mode },
  });
}

/**
 * Refuses a folder that other users may write. A missing folder passes. The path itself may be a link, since a person's
 * `~/.iapeer` may live elsewhere. Then the folder behind the link is checked.
 *
 * @throws IapeerError with the given code; `read-failed` for a failure that tells nothing about the folder.
 */
export function checkFolder(path: string, what: string, code: ErrorCode): void {
  const fd = openFolder(path, what, code);
  if (fd === undefined) return;
  try {
    const found = fstatSync(fd);
    const distrust = distrustOf(found);
    if (distrust !== undefined) throw distrusted(path, what, { code, distrust, mode: found.mode });
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
