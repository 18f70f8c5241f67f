import { closeSync, constants, fchmodSync, fsyncSync, openSync, readdirSync, renameSync, unlinkSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { basename, dirname, join } from "node:path";
import { errnoOf, ioError } from "./errors.ts";
import { syncFolder, writeAll } from "./files.ts";
import { isRunning, readProcess } from "./processes.ts";

export interface AtomicWrite {
  /** The mode of the new file. Default 0600. */
  readonly mode?: number;
}

/**
 * Replaces a file whole or not at all: a fresh temporary file beside it, fsync, rename, fsync of the folder.
 * A process killed at any of these leaves the old file or the new one, and perhaps a temporary file that
 * sweepTemporaries takes away. A link at that path is replaced, not followed.
 *
 * @throws IapeerError `write-failed`; the old file is as it was and the temporary one is gone.
 */
export function writeAtomically(path: string, text: string, options: AtomicWrite = {}): void {
  const temporary = join(dirname(path), temporaryName(basename(path)));
  try {
    writeNew(temporary, text, options.mode ?? 0o600);
    renameSync(temporary, path);
  } catch (error) {
    removeQuietly(temporary);
    throw ioError("write-failed", "cannot write", path, error);
  }
  try {
    syncFolder(dirname(path));
  } catch (error) {
    throw ioError("write-failed", "written, but perhaps not safe from a power cut:", path, error);
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
  return `.${name}.${process.pid}.${start}.${randomBytes(8).toString("hex")}.tmp`;
}

const TEMPORARY = /^\.(?<name>.+)\.(?<pid>[0-9]+)\.(?<start>[^.]+)\.[0-9a-f]{16}\.tmp$/;

/** Takes away temporary files of this one that a killed process left; those of a living one stay. */
export function sweepTemporaries(path: string): void {
  const folder = dirname(path);
  for (const entry of readdirSync(folder)) {
    const groups = TEMPORARY.exec(entry)?.groups;
    if (groups?.["name"] === basename(path) && isAbandoned(groups)) removeQuietly(join(folder, entry));
  }
}

function isAbandoned({ pid, start }: Record<string, string>): boolean {
  const owner = readProcess(Number(pid));
  return owner === undefined || owner.start.replaceAll(/[^A-Za-z0-9]/g, "-") !== start || !isRunning(owner);
}
