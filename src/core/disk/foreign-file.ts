import { closeSync, constants, fstatSync, lstatSync, openSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { writeAtomically } from "./atomic-write.ts";
import { errnoOf, ioError, IapeerError } from "../../model/errors.ts";
import { makeFolder, readWhole } from "./files.ts";

/** The result of an edit; `refused` leaves the file alone and says why. */
export type TextEdit =
  | { readonly state: "changed"; readonly text: string }
  | { readonly state: "unchanged" }
  | { readonly state: "refused"; readonly why: string };

/** The fate of a file that was to be rewritten. */
export type Rewrite = Exclude<TextEdit, { readonly state: "changed" }> | { readonly state: "changed" };

const MAX_BYTES = 4 * 1024 * 1024;
const BYTE_ORDER_MARK = "\uFEFF";

interface Opened {
  /** The place of the file after all links. */
  readonly path: string;
  readonly text: string;
  readonly mode: number;
}

/**
 * Reads a file of another program or of the person. Links are followed, and a byte order mark is left out.
 *
 * @returns undefined for a missing file.
 * @throws IapeerError `read-failed`: it is no regular file, over 4 MiB, not UTF-8, or of another user. A link that leads
 * nowhere throws too.
 */
export function readForeignFile(path: string): string | undefined {
  const text = open(path)?.text;
  return text?.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
}

/**
 * Edits a file of another program or of the person, at the place where links lead. The mode stays, a byte order mark
 * stays, and nothing is written when nothing changes. A missing file is made with mode 0600, and missing
 * folders above it are made too. Two rewrites of one file must not overlap: hold a lock around the call.
 *
 * @param edit gets the text; undefined for a missing file.
 * @throws IapeerError `read-failed`: as readForeignFile, or the file is marked read-only; `write-failed`.
 */
export function rewriteForeignFile(path: string, edit: (text: string | undefined) => TextEdit): Rewrite {
  const found = open(path);
  const mark = found?.text.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK : "";
  const edited = edit(found?.text.slice(mark.length));
  if (edited.state !== "changed") return edited;
  if (found === undefined) return createFile(path, edited.text);
  if (mark + edited.text === found.text) return { state: "unchanged" };
  if ((found.mode & 0o200) === 0) throw unreadable(found.path, "is marked read-only, so it was not changed");
  writeAtomically(found.path, mark + edited.text, { mode: found.mode });
  return { state: "changed" };
}

function createFile(path: string, text: string): Rewrite {
  makeFolder(dirname(path));
  // The folder itself may be a link. The file goes to the place where it leads.
  writeAtomically(join(realpathSync(dirname(path)), basename(path)), text);
  return { state: "changed" };
}

function open(path: string): Opened | undefined {
  const real = resolveLinks(path);
  if (real === undefined) return undefined;
  let fd: number | undefined;
  try {
    fd = openSync(real, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    const { size, mode } = checkForeign(fd, real);
    return { path: real, text: decode(real, readWhole(fd, size)), mode: mode & 0o777 };
  } catch (error) {
    throw ioError("read-failed", "cannot read", real, error);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function resolveLinks(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw ioError("read-failed", "cannot read", path, error);
  }
  // The link may lead to a disk that is not mounted. A file in its place would hide the real one.
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink())
    throw unreadable(path, "is a symbolic link that leads nowhere");
  return undefined;
}

function checkForeign(fd: number, path: string): { readonly size: number; readonly mode: number } {
  const found = fstatSync(fd);
  if (!found.isFile()) throw unreadable(path, "is not a regular file");
  if (found.uid !== process.geteuid!()) throw unreadable(path, `belongs to another user (uid ${found.uid})`);
  if (found.size > MAX_BYTES) throw unreadable(path, `is ${found.size} bytes, more than the ${MAX_BYTES} that iapeer reads`);
  return found;
}

function decode(path: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw unreadable(path, "is not valid UTF-8");
  }
}

function unreadable(path: string, why: string): IapeerError {
  return new IapeerError("read-failed", `${path} ${why}`, { details: { path } });
}
