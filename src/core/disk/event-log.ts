import { closeSync, constants, fstatSync, openSync, readSync, renameSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { errnoOf, ioError, IapeerError } from "../../model/errors.ts";
import { makeFolder, writeAll } from "./files.ts";
import { tryFlock } from "../libc.ts";
import { type LogFields, parseLogLine, renderLogLine } from "../text/logfmt.ts";
import type { Env } from "../layout.ts";
import { readVariable } from "../variables.ts";

/** The size at which a log is rotated, and the number of old logs: `<log>.1` (the newest) to `<log>.N`. */
export interface RotationLimits {
  readonly maxBytes: number;
  readonly keep: number;
}

/** The limits that the environment sets, else 5 MiB and five old logs. Throws IapeerError `invalid-value`. */
export function rotationFrom(env: Env): RotationLimits {
  return {
    maxBytes: readVariable(env, "IAPEER_LIFECYCLE_LOG_MAX_BYTES") ?? 5 * 1024 * 1024,
    keep: readVariable(env, "IAPEER_LIFECYCLE_LOG_KEEP") ?? 5,
  };
}

export interface LogTarget {
  readonly path: string;
  readonly rotation: RotationLimits;
}

/**
 * Appends one event as one line with one write(2).
 *
 * A writer holds a shared flock(2) on the very file that the path names. A rotation needs the exclusive lock. While
 * any process writes, it is left to a later call. So no line goes to a file that is about to be deleted.
 *
 * @throws IapeerError `write-failed`.
 */
export function appendEvent(target: LogTarget, fields: LogFields, now: Date = new Date()): void {
  const line = renderLogLine({ ts: now.toISOString(), ...fields });
  try {
    rotateWhenFull(target);
    appendLine(target.path, line);
  } catch (error) {
    throw ioError("write-failed", "cannot write the log", target.path, error);
  }
}

function appendLine(path: string, line: string): void {
  for (;;) {
    const fd = openForWriting(path);
    try {
      const end = findEnd(fd, path);
      if (end === "moved") continue;
      writeAll(fd, Buffer.from(`${end === "torn" ? TORN_END : ""}${line}\n`, "utf8"));
      return;
    } finally {
      closeSync(fd);
    }
  }
}

/** The longest wait for a rotation by another process. It is a few renames, but that process may wait for a CPU. */
const ROTATION_PATIENCE_MS = 1000;

function openForWriting(path: string): number {
  const deadline = performance.now() + ROTATION_PATIENCE_MS;
  for (;;) {
    const fd = openLog(path);
    const held = tryFlock(fd, "shared");
    if (held === true && isStill(fd, path)) return fd;
    closeSync(fd);
    if (typeof held === "number") throw new IapeerError("write-failed", `cannot lock the log ${path}: errno ${held}`);
    if (performance.now() > deadline) throw rotatedTooLong(path);
    if (!held) Bun.sleepSync(1);
  }
}

function rotatedTooLong(path: string): IapeerError {
  return new IapeerError(
    "write-failed",
    `cannot write the log ${path}: another process is rotating it and does not come to an end`,
    {
      hint: "see which process holds it: fuser -v on that file (a stopped process keeps its lock until it goes on or ends)",
      details: { path },
    },
  );
}

function openLog(path: string): number {
  const flags = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  try {
    return openRegular(path, flags);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
    makeFolder(dirname(path));
    return openRegular(path, flags);
  }
}

function openRegular(path: string, flags: number): number {
  const fd = openSync(path, flags, 0o600);
  if (fstatSync(fd).isFile()) return fd;
  closeSync(fd);
  throw new IapeerError("write-failed", `cannot write the log ${path}: not a regular file`);
}

function isStill(fd: number, path: string): boolean {
  const there = statSync(path, { throwIfNoEntry: false });
  return there !== undefined && there.ino === fstatSync(fd).ino;
}

/** The end of a line that a crash cut short. A field always has a "=", so no reader takes the line for a whole one. */
const TORN_END = " torn\n";

/** The number of looks, 2 ms apart, for the line of a program that holds no lock. */
const TORN_LOOKS = 10;
/** The longest wait for a writer that holds the lock and stands still. */
const TORN_PATIENCE_MS = 1000;

/**
 * Tells how a log ends that is locked for writing: `torn` when its last line was cut short. A write(2) under way shows its pages one by one,
 * and looks the same. So only a log tells that no other writer holds. `moved`: it was rotated meanwhile, and is locked no more.
 */
function findEnd(fd: number, path: string): "whole" | "torn" | "moved" {
  const deadline = performance.now() + TORN_PATIENCE_MS;
  for (let looks = 1; !endsInNewline(fd); looks += 1) {
    if (looks > TORN_LOOKS) {
      // The lock is let go in between (flock(2)). Chance lets one of two writers that wait for each other find it free.
      const isAlone = tryFlock(fd, "exclusive") === true;
      if (!isAlone) Bun.sleepSync(Math.random() * 3);
      if ((!isAlone && tryFlock(fd, "shared") !== true) || !isStill(fd, path)) return "moved";
      if (isAlone || performance.now() > deadline) return endsInNewline(fd) ? "whole" : "torn";
    }
    Bun.sleepSync(2);
  }
  return "whole";
}

function endsInNewline(fd: number): boolean {
  const size = fstatSync(fd).size;
  const last = Buffer.alloc(1);
  return size === 0 || readSync(fd, last, 0, 1, size - 1) === 0 || last[0] === 0x0a;
}

/**
 * Rotates a log that is full. It is for a log that other programs append to by themselves. A missing log stays missing.
 *
 * @throws IapeerError `write-failed`.
 */
export function rotateLog(target: LogTarget): void {
  try {
    rotateWhenFull(target);
  } catch (error) {
    throw ioError("write-failed", "cannot rotate the log", target.path, error);
  }
}

function rotateWhenFull({ path, rotation }: LogTarget): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined || found.size < rotation.maxBytes) return;
  const fd = openLog(path);
  try {
    // Another writer may have rotated it since.
    if (tryFlock(fd, "exclusive") !== true || !isStill(fd, path) || fstatSync(fd).size < rotation.maxBytes) return;
    for (let n = rotation.keep; n > 1; n -= 1) renameIfThere(`${path}.${n - 1}`, `${path}.${n}`);
    renameSync(path, `${path}.1`);
  } finally {
    closeSync(fd);
  }
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
  }
}

/**
 * The events in the text of a log, in its order. Lines of other programs are left out. So are a last line without its end,
 * and a first line without its beginning. Lines that are not wanted are not parsed.
 */
export function parseEvents(text: string, isWanted: (line: string) => boolean = () => true): Record<string, string>[] {
  const lines = text.split("\n").slice(0, -1);
  return lines
    .filter((line) => line.startsWith("ts=") && isWanted(line))
    .map(parseLogLine)
    .filter((fields) => fields !== undefined);
}
