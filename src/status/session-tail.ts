import { closeSync, constants, fstatSync, openSync, readSync, statSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import { errnoOf, ioError } from "../model/errors.ts";
import { readTailBytes } from "../core/disk/files.ts";
import { refuseMisplacedLog } from "../core/disk/log-files.ts";

/** How much the first look at a log's end reads; each next look reads four times as much. */
const FIRST_LOOK_BYTES = 64 * 1024;
/** How far back a look goes at most, in the log and in the rotated log before it. */
export const MOST_END_BYTES = 16 * 1024 * 1024;

/** The end of a log that a session appends to, and that its logger may rotate to `.1` or empty. */
export interface SessionTail extends Disposable {
  /**
   * The end of the log: at least this many whole lines if there are so many, and the text after the last line end. More text may come
   * before them. `readNew` goes on from there.
   */
  readEnd(lines: number): string;
  /** The text that was written since the last read, across a rotation or a truncation. */
  readNew(): string;
  /** readEnd, byte for byte. */
  readEndBytes(lines: number): Buffer;
  /** readNew, byte for byte. */
  readNewBytes(): Buffer;
  /** The last bytes of the log and the one before it, whatever was read already. `readNew` goes on where it was. */
  readLast(maxBytes: number): LogEnd;
}

export interface LogEnd {
  readonly text: string;
  /** False: the log has more before it. */
  readonly isWhole: boolean;
}

/**
 * Opens the end of a log, which need not exist yet. It throws IapeerError `log-untrusted` and `read-failed`, as its methods do.
 *
 * @example
 * using tail = openSessionTail(path);
 * print(tail.readEnd(20));
 * for (;;) print(tail.readNew());
 */
export function openSessionTail(path: string): SessionTail {
  const before = `${path}.1`;
  const decoder = new StringDecoder("utf8");
  let place = openPlace(path);
  const readEndBytes = (lines: number) => {
    place ??= openPlace(path);
    return place === undefined ? readBefore(before) : readEnd(place, lines, before);
  };
  const readNewBytes = () => {
    place ??= openPlace(path);
    if (place === undefined) return NOTHING;
    const bytes = readOn(place);
    if (bytes.length > 0 || isStillAt(place, path)) return bytes;
    // The old file is read to its end before the new one is opened: the logger may have written to it until now.
    closeSync(place.fd);
    place = openPlace(path);
    return place === undefined ? NOTHING : readOn(place);
  };
  return {
    readEndBytes,
    readNewBytes,
    readEnd: (lines) => decoder.write(readEndBytes(lines)),
    readNew: () => decoder.write(readNewBytes()),
    readLast: (maxBytes) => {
      place ??= openPlace(path);
      return readLast(place?.fd, before, maxBytes);
    },
    [Symbol.dispose]: () => {
      if (place !== undefined) closeSync(place.fd);
    },
  };
}

const NOTHING = Buffer.alloc(0);

/** An open file and the place up to which it was read. */
interface Place {
  readonly fd: number;
  at: number;
}

function openPlace(path: string): Place | undefined {
  refuseMisplacedLog(path);
  try {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    if (fstatSync(fd).isFile()) return { fd, at: 0 };
    closeSync(fd);
    return undefined;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw ioError("read-failed", "cannot open", path, error);
  }
}

/** The end of the rotated log. */
function readBefore(path: string, maxBytes = MOST_END_BYTES): Buffer {
  refuseMisplacedLog(path);
  return readTailBytes(path, maxBytes);
}

/** True when the open file is still the log. A log that is missing for a moment counts as the same. */
function isStillAt({ fd }: Place, path: string): boolean {
  const there = statSync(path, { throwIfNoEntry: false });
  return there === undefined || there.ino === fstatSync(fd).ino;
}

function readEnd(place: Place, lines: number, before: string): Buffer {
  const { size } = fstatSync(place.fd);
  place.at = size;
  for (let bytes = FIRST_LOOK_BYTES; ; bytes *= 4) {
    const from = Math.max(0, size - Math.min(bytes, MOST_END_BYTES));
    const found = readRange(place.fd, from, size);
    if (hasLines(found, lines) || bytes >= MOST_END_BYTES) return found;
    if (from === 0) return Buffer.concat([readBefore(before), found]);
  }
}

function readLast(fd: number | undefined, before: string, maxBytes: number): LogEnd {
  const size = fd === undefined ? 0 : fstatSync(fd).size;
  const bytes = fd === undefined ? NOTHING : readRange(fd, Math.max(0, size - maxBytes), size);
  const room = maxBytes - bytes.length;
  const older = size > bytes.length ? NOTHING : readBefore(before, room + 1);
  return {
    text: Buffer.concat([older.subarray(Math.max(0, older.length - room)), bytes]).toString("utf8"),
    isWhole: size <= bytes.length && older.length <= room,
  };
}

const LINE_FEED = 0x0a;

/** True when bytes hold this many whole lines. It takes one line end more: the text before the first may be part of a line. */
function hasLines(bytes: Buffer, lines: number): boolean {
  let count = 0;
  for (let at = bytes.indexOf(LINE_FEED); at !== -1 && count <= lines; at = bytes.indexOf(LINE_FEED, at + 1)) count += 1;
  return count > lines;
}

/** The bytes after the last read. A file that is shorter than what was read has been emptied. */
function readOn(place: Place): Buffer {
  const { size } = fstatSync(place.fd);
  if (size < place.at) place.at = 0;
  const bytes = readRange(place.fd, place.at, Math.min(size, place.at + MOST_END_BYTES));
  place.at += bytes.length;
  return bytes;
}

/** The bytes of a range; fewer when the file has shrunk. */
function readRange(fd: number, from: number, to: number): Buffer {
  const bytes = Buffer.alloc(to - from);
  let length = 0;
  while (length < bytes.length) {
    const count = readSync(fd, bytes, length, bytes.length - length, from + length);
    if (count === 0) break;
    length += count;
  }
  return bytes.subarray(0, length);
}
