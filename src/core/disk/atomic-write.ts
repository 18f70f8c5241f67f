import { closeSync, constants, fchmodSync, fsyncSync, lstatSync, openSync, readdirSync, renameSync, unlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { errnoOf, describeErrno, ioError, IapeerError } from "../../model/errors.ts";
import { syncFolder, writeAll } from "./files.ts";
import { isProcForeign, readPidNamespace } from "../process/pid-namespace.ts";
import { isRunning, readProcess } from "../process/processes.ts";
import { randomHex } from "../text/random.ts";

export interface AtomicWrite {
  /** The mode of the new file. Default 0600. */
  readonly mode?: number;
}

/** The whole new content of a file. */
export interface NewFile {
  readonly path: string;
  readonly text: string;
}

/**
 * Replaces a file whole or not at all: a fresh temporary file beside it, fsync, rename, fsync of the folder.
 * A process that is killed at any of these leaves the old file or the new one. A temporary file may stay too, and a
 * later write deletes it. A link at that path is replaced, not followed.
 *
 * @throws IapeerError `write-failed`. The old file is as it was (but see wasWritten), and the temporary one is gone.
 */
export function writeAtomically(path: string, text: string, options: AtomicWrite = {}): void {
  writeTogether([{ path, text }], options);
}

/**
 * Replaces several files in the given order, each as writeAtomically does. All texts are on the disk before the first
 * file gets its place. So a full disk leaves every file as it was.
 *
 * @throws IapeerError `write-failed`, as writeAtomically.
 */
export function writeTogether(files: readonly NewFile[], { mode = 0o600 }: AtomicWrite = {}): void {
  const staged: Staged[] = [];
  let placed = 0;
  try {
    const folders = new Set(files.map(({ path }) => dirname(path)));
    for (const folder of folders) sweepTemporaries(folder);
    for (const file of files) staged.push(stage(file, mode));
    for (const file of staged) {
      place(file);
      placed += 1;
    }
    for (const folder of folders) syncFolder(folder);
  } catch (error) {
    staged.slice(placed).forEach(({ temporary }) => removeQuietly(temporary));
    throw placed === 0 ? error : halfWritten(files[0]!.path, error);
  }
}

/** True for a failed write that put the new file in its place all the same. Only its safety is in doubt. */
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

/** O_EXCL: a link or a file that another user planted at that name is an error, and is never followed. */
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
    // The file was never made, or the disk refuses unlink as well. The error of the write is the one to report.
    if (errnoOf(error) === undefined) throw error;
  }
}

/**
 * `.NAME.PID.START@NAMESPACE.RANDOM.tmp`: it names the process that writes, by its number in its PID namespace where there are any, and it
 * cannot be guessed.
 */
function temporaryName(name: string): string {
  const start = readProcess(process.pid)?.start.replaceAll(/[^A-Za-z0-9]/g, "-") ?? "0";
  const namespace = readOwnNamespace();
  return `.${name}.${process.pid}.${start}${namespace === "" ? "" : `@${namespace}`}.${randomHex(8)}.tmp`;
}

function readOwnNamespace(): string {
  return readPidNamespace().replaceAll(/[^0-9]/g, "");
}

const TEMPORARY = /^\.(?<name>.+)\.(?<pid>[0-9]+)\.(?<start>[^.@]+)(?:@(?<namespace>[0-9]+))?\.[0-9a-f]{16}\.tmp$/;

/** A write takes moments. The process of another PID namespace cannot be told, and its file is left alone for longer. */
const FOREIGN_MS = 60 * 60 * 1000;

/** Deletes the temporary files that killed processes left in a folder. Those of living processes stay. */
function sweepTemporaries(folder: string): void {
  for (const entry of readNames(folder)) {
    const groups = TEMPORARY.exec(entry)?.groups;
    if (groups === undefined) continue;
    const path = join(folder, entry);
    const isOwn = (groups["namespace"] ?? readOwnNamespace()) === readOwnNamespace() && !isProcForeign();
    if (isOwn ? isAbandoned(groups) : isOld(path)) removeQuietly(path);
  }
}

function readNames(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    // The write that follows fails as well, and says why.
    return [];
  }
}

function isOld(path: string): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found !== undefined && Date.now() - found.mtimeMs > FOREIGN_MS;
}

function isAbandoned({ pid, start }: Record<string, string | undefined>): boolean {
  const owner = readProcess(Number(pid));
  return owner === undefined || owner.start.replaceAll(/[^A-Za-z0-9]/g, "-") !== start || !isRunning(owner);
}
