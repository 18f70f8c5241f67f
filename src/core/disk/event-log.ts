import { closeSync, constants, fstatSync, openSync, readSync, renameSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { errnoOf, ioError, IapeerError } from "../../model/errors.ts";
import { makeFolder, writeAll } from "./files.ts";
import { tryFlock } from "../libc.ts";
import { type LogFields, parseLogLine, renderLogLine } from "../text/logfmt.ts";
import type { Env } from "../layout.ts";

/** When a log is rotated, and how many old ones are kept as `<log>.1` (the newest) to `<log>.N`. */
export interface RotationLimits {
  readonly maxBytes: number;
  readonly keep: number;
}

export function rotationFrom(env: Env): RotationLimits {
  return {
    maxBytes: positiveInteger(env["IAPEER_LIFECYCLE_LOG_MAX_BYTES"]) ?? 5 * 1024 * 1024,
    keep: positiveInteger(env["IAPEER_LIFECYCLE_LOG_KEEP"]) ?? 5,
  };
}

function positiveInteger(text: string | undefined): number | undefined {
  return text !== undefined && /^[1-9][0-9]{0,14}$/.test(text) ? Number(text) : undefined;
}

export interface LogTarget {
  readonly path: string;
  readonly rotation: RotationLimits;
}

/**
 * Appends one event as one line with one write(2).
 *
 * A writer holds a shared flock(2) on the very file that the path names; a rotation needs the exclusive one
 * and is put off while anybody writes. So no line goes to a file that is being thrown away.
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
  const fd = openForWriting(path);
  try {
    const end = isTorn(fd) ? TORN_END : "";
    writeAll(fd, Buffer.from(`${end}${line}\n`, "utf8"));
  } finally {
    closeSync(fd);
  }
}

/** How long a rotation by others may come between opening and locking. It is a few renames, but its process may have to wait for a CPU. */
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
      hint: "see who holds it: fuser -v on that file (a stopped process keeps its lock until it goes on or ends)",
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

/** Ends a line that a crash cut short, and makes sure that it is never taken for a whole one: a field always has a "=". */
const TORN_END = " torn\n";

/** How often to look again, every 2 ms: a write(2) that is under way shows its pages one by one, and looks torn in between. */
const TORN_LOOKS = 10;

function isTorn(fd: number): boolean {
  for (let looks = 0; looks < TORN_LOOKS; looks += 1) {
    if (endsInNewline(fd)) return false;
    Bun.sleepSync(2);
  }
  return true;
}

function endsInNewline(fd: number): boolean {
  const size = fstatSync(fd).size;
  const last = Buffer.alloc(1);
  return size === 0 || readSync(fd, last, 0, 1, size - 1) === 0 || last[0] === 0x0a;
}

/**
 * Rotates a log that is full, for one that others append to without this module. Nothing is done to one that is not there.
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
 * The events of a log's text, in its order. Passed over: lines that are not ours, the last one as long as it has
 * no end, and a first one that the text holds only the rear part of. A line that is not wanted is not even parsed.
 */
export function parseEvents(text: string, isWanted: (line: string) => boolean = () => true): Record<string, string>[] {
  const lines = text.split("\n").slice(0, -1);
  return lines
    .filter((line) => line.startsWith("ts=") && isWanted(line))
    .map(parseLogLine)
    .filter((fields) => fields !== undefined);
}
