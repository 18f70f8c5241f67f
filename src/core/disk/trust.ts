import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, type Stats } from "node:fs";
import { type ErrorCode, errnoOf, ioError, IapeerError, refuseStarved } from "../../model/errors.ts";
import { quoteForSh } from "../text/quoting.ts";
import { readWhole } from "./files.ts";

export interface TrustedFile {
  /** The name of the file in messages: "the registry". */
  readonly what: string;
  /** A bigger file is refused unread. Default 64 KiB. */
  readonly maxBytes?: number;
  /** The code for a link, a folder, a FIFO, a file too large, or one that cannot be read. Default `state-untrusted`. */
  readonly unreadable?: ErrorCode;
  /** The code for a file of another owner, or one that other users may write. Default `state-untrusted`. */
  readonly insecure?: ErrorCode;
}

/**
 * The reason to refuse a file. `misplaced`: something else than a regular file stands there. `insecure`: another user may have written it.
 */
export interface Refusal {
  readonly kind: "misplaced" | "unreadable" | "insecure";
  readonly error: IapeerError;
}

/** The bytes of a file that only this user can have written, or the reason for their absence. */
export type TrustedReading = { readonly kind: "missing" } | { readonly kind: "found"; readonly bytes: Buffer } | Refusal;

/**
 * Reads a file that only this user can have written. It is opened once, and no link is followed. A FIFO
 * without a writer does not hold it up. Every check is on the opened file.
 *
 * @throws IapeerError `too-few-descriptors`, and nothing else: then nothing is known of the file.
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

/**
 * The last bytes of such a file as text; empty for a missing file. The size has no limit.
 *
 * @throws IapeerError as readTrusted.
 */
export function readTrustedTail(path: string, file: TrustedFile, maxBytes: number): string {
  const fd = openTrusted(path, file);
  if (typeof fd !== "number") {
    if (fd.kind === "missing") return "";
    throw fd.error;
  }
  try {
    const found = fstatSync(fd);
    const refusal = findRefusal(found, path, { ...file, maxBytes: Infinity });
    if (refusal !== undefined) throw refusal.error;
    const from = Math.max(0, found.size - maxBytes);
    const bytes = Buffer.alloc(found.size - from);
    return bytes.toString("utf8", 0, readSync(fd, bytes, 0, bytes.length, from));
  } catch (error) {
    throw ioError(codeFor(error, file.unreadable), `cannot read ${file.what}`, path, error);
  } finally {
    closeSync(fd);
  }
}

/** The reason to refuse what stands at a path, by a look that opens nothing; undefined for a file that passes, and for none. */
export function lookForRefusal(path: string, file: TrustedFile): Refusal | undefined {
  try {
    const found = lstatSync(path, { throwIfNoEntry: false });
    return found && findRefusal(found, path, { ...file, maxBytes: Infinity });
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    return unreadable(ioError(codeFor(error, file.unreadable), `cannot look at ${file.what}`, path, error));
  }
}

function openTrusted(path: string, file: TrustedFile): number | Exclude<TrustedReading, { readonly kind: "found" }> {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "ENOENT") return { kind: "missing" };
    // ENXIO: the path is a socket, or a device without a driver.
    if (errno === "ELOOP" || errno === "ENXIO") return misplaced(path, file, lookAtKind(path) ?? "is not a regular file");
    refuseStarved(error);
    return unreadable(ioError(codeFor(error, file.unreadable), `cannot open ${file.what}`, path, error));
  }
}

/** Failures that tell about this process or machine, and nothing about the file. */
const NOT_ABOUT_THE_FILE = new Set(["EACCES", "EPERM", "ENOMEM", "EIO"]);

function codeFor(error: unknown, code: ErrorCode = "state-untrusted"): ErrorCode {
  return NOT_ABOUT_THE_FILE.has(errnoOf(error) ?? "") ? "read-failed" : code;
}

function lookAtKind(path: string): string | undefined {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found && whyNotFile(found);
}

/** Names the thing in the place of a regular file, in words that follow its path; undefined for a regular file. */
function whyNotFile(found: Stats): string | undefined {
  if (found.isFile()) return undefined;
  if (found.isSymbolicLink()) return "is a symbolic link";
  if (found.isDirectory()) return "is a folder";
  if (found.isFIFO()) return "is a FIFO";
  return found.isSocket()
    ? "is a socket"
    : found.isCharacterDevice() || found.isBlockDevice()
      ? "is a device"
      : "is not a regular file";
}

const MAX_BYTES = 65_536;

function findRefusal(found: Stats, path: string, file: TrustedFile): Refusal | undefined {
  const { what, maxBytes = MAX_BYTES, insecure = "state-untrusted" } = file;
  const other = whyNotFile(found);
  if (other !== undefined) return misplaced(path, file, other);
  const distrust = distrustOf(found);
  if (distrust !== undefined)
    return { kind: "insecure", error: distrusted(path, what, { code: insecure, distrust, mode: found.mode }) };
  if (found.size > maxBytes) return refuse(path, file, `is ${found.size} bytes, more than the ${maxBytes} that iapeer reads`);
  return undefined;
}

function refuse(path: string, { what, unreadable: code = "state-untrusted" }: TrustedFile, why: string): Refusal {
  return unreadable(new IapeerError(code, `${what} ${path} ${why}`, { details: { path } }));
}

function misplaced(path: string, { what, unreadable: code = "state-untrusted" }: TrustedFile, why: string): Refusal {
  const hint = `look at it, then: mv ${quoteForSh(path)} ${quoteForSh(`${path}.away`)}`;
  return { kind: "misplaced", error: new IapeerError(code, `${what} ${path} ${why}`, { hint, details: { path } }) };
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
