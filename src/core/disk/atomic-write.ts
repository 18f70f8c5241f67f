import { closeSync, constants, fchmodSync, fsyncSync, openSync, readdirSync, renameSync, unlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { errnoOf, describeErrno, ioError, IapeerError } from "../../model/errors.ts";
import { syncFolder, writeAll } from "./files.ts";
import { isRunning, readProcess } from "../process/processes.ts";
import { randomHex } from "../text/random.ts";

export interface AtomicWrite {
  /** The mode of the new file. Default 0600. */
  readonly mode?: number;
}

/** A file's whole new content. */
export interface NewFile {
  readonly path: string;
  readonly text: string;
}

/**
 * Replaces a file whole or not at all: a fresh temporary file beside it, fsync, rename, fsync of the folder.
 * A process killed at any of these leaves the old file or the new one, and perhaps a temporary file that the
 * next write of that file takes away. A link at that path is replaced, not followed.
 *
 * @throws IapeerError `write-failed`; the old file is as it was (but see wasWritten) and the temporary one is gone.
 */
export function writeAtomically(path: string, text: string, options: AtomicWrite = {}): void {
  writeTogether([{ path, text }], options);
}

/**
 * Replaces several files, each as writeAtomically does. All of them are on the disk before the first one is put
 * in its place, so a full disk leaves every one as it was; they are put in place in the order given.
 *
 * @throws IapeerError `write-failed`, as writeAtomically.
 */
export function writeTogether(files: readonly NewFile[], { mode = 0o600 }: AtomicWrite = {}): void {
  const staged: Staged[] = [];
  let placed = 0;
  try {
    for (const file of files) staged.push(stage(file, mode));
    for (const file of staged) {
      place(file);
      placed += 1;
    }
    for (const folder of new Set(files.map(({ path }) => dirname(path)))) syncFolder(folder);
  } catch (error) {
    staged.slice(placed).forEach(({ temporary }) => removeQuietly(temporary));
    throw placed === 0 ? error : halfWritten(files[0]!.path, error);
  }
}

/** True after a failed write that put the new file in its place all the same: only its safety is in doubt. */
export function wasWritten(error: unknown): boolean {
  return error instanceof IapeerError && error.details?.["written"] === true;
}

function halfWritten(path: string, cause: unknown): IapeerError {
  const why = cause instanceof IapeerError ? cause.message : describeErrno(cause);
  return new IapeerError("write-failed", `${path} is written, but perhaps not safe from a power cut: ${why}`, {
    details: { path, written: true, errno: errnoOf(cause) },
    cause,
  });
}

interface Staged {
  readonly temporary: string;
  readonly path: string;
}

function stage({ path, text }: NewFile, mode: number): Staged {
  const temporary = join(dirname(path), temporaryName(basename(path)));
  try {
    sweepTemporaries(dirname(path));
    writeNew(temporary, text, mode);
  } catch (error) {
    removeQuietly(temporary);
    throw ioError("write-failed", "cannot write", path, error);
  }
  return { temporary, path };
}

function place({ temporary, path }: Staged): void {
  try {
    renameSync(temporary, path);
  } catch (error) {
    throw ioError("write-failed", "cannot write", path, error);
  }
}

/** O_EXCL: a link or file that somebody planted at that name is an error, never followed. */
function writeNew(path: string, text: string, mode: number): void {
  const fd = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, mode);
  try {
    fchmodSync(fd, mode);
    writeAll(fd, Buffer.from(text, "utf8"));
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    // Never made, or the disk is as broken for unlink as for the write that failed; that error is the one to tell.
    if (errnoOf(error) === undefined) throw error;
  }
}

/** `.NAME.PID.START.RANDOM.tmp`: it tells who is writing, and cannot be guessed. */
function temporaryName(name: string): string {
  const start = readProcess(process.pid)?.start.replaceAll(/[^A-Za-z0-9]/g, "-") ?? "0";
  return `.${name}.${process.pid}.${start}.${randomHex(8)}.tmp`;
}

const TEMPORARY = /^\.(?<name>.+)\.(?<pid>[0-9]+)\.(?<start>[^.]+)\.[0-9a-f]{16}\.tmp$/;

/** Folders that this process has looked through: once is enough, and a folder may hold ten thousand notes. */
const sweptFolders = new Set<string>();

/** Takes away the temporary files that killed processes left in a folder; those of living ones stay. */
function sweepTemporaries(folder: string): void {
  if (sweptFolders.has(folder)) return;
  sweptFolders.add(folder);
  for (const entry of readdirSync(folder)) {
    const groups = TEMPORARY.exec(entry)?.groups;
    if (groups !== undefined && isAbandoned(groups)) removeQuietly(join(folder, entry));
  }
}

function isAbandoned({ pid, start }: Record<string, string>): boolean {
  const owner = readProcess(Number(pid));
  return owner === undefined || owner.start.replaceAll(/[^A-Za-z0-9]/g, "-") !== start || !isRunning(owner);
}
