import { closeSync, constants, fstatSync, openSync, readSync, statSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import { errnoOf, ioError } from "../model/errors.ts";
import { readTail } from "../core/disk/files.ts";

/** How much the first look at a log's end reads; each next look reads four times as much. */
const FIRST_LOOK_BYTES = 64 * 1024;
/** How far back a look goes at most, in the log and in the rotated log before it. */
const MAX_BYTES = 16 * 1024 * 1024;

/** The end of a log that a session appends to, and that its logger may rotate to `.1` or empty. */
export interface SessionTail extends Disposable {
  /**
   * The end of the log: at least this many whole lines if there are so many, and the text after the last line end. More text may come
   * before them. `readNew` goes on from there.
   */
  readEnd(lines: number): string;
  /** The text that was written since the last read, across a rotation or a truncation. */
  readNew(): string;
}

/**
 * Opens the end of a log, which need not exist yet. Its methods throw IapeerError `read-failed`.
 *
 * @example
 * using tail = openSessionTail(path);
 * print(tail.readEnd(20));
 * for (;;) print(tail.readNew());
 */
export function openSessionTail(path: string): SessionTail {
  let place = openPlace(path);
  return {
    readEnd: (lines) => {
      place ??= openPlace(path);
      return place === undefined ? readTail(`${path}.1`, MAX_BYTES) : readEnd(place, lines, `${path}.1`);
    },
    readNew: () => {
      place ??= openPlace(path);
      if (place === undefined) return "";
      const text = readOn(place);
      if (text !== "" || isStillAt(place, path)) return text;
      // The old file is read to its end before the new one is opened: the logger may have written to it until now.
      closeSync(place.fd);
      place = openPlace(path);
      return place === undefined ? "" : readOn(place);
    },
    [Symbol.dispose]: () => {
      if (place !== undefined) closeSync(place.fd);
    },
  };
}

/** An open file and the place up to which it was read. */
interface Place {
  readonly fd: number;
  at: number;
  decoder: StringDecoder;
}

function openPlace(path: string): Place | undefined {
  try {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    if (fstatSync(fd).isFile()) return { fd, at: 0, decoder: new StringDecoder("utf8") };
    closeSync(fd);
    return undefined;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw ioError("read-failed", "cannot open", path, error);
  }
}

/** True when the open file is still the log. A log that is missing for a moment counts as the same. */
function isStillAt({ fd }: Place, path: string): boolean {
  const there = statSync(path, { throwIfNoEntry: false });
  return there === undefined || there.ino === fstatSync(fd).ino;
}

function readEnd(place: Place, lines: number, before: string): string {
  const { size } = fstatSync(place.fd);
  place.at = size;
  for (let bytes = FIRST_LOOK_BYTES; ; bytes *= 4) {
    const from = Math.max(0, size - Math.min(bytes, MAX_BYTES));
    const text = place.decoder.write(readRange(place.fd, from, size));
    if (hasLines(text, lines) || bytes >= MAX_BYTES) return text;
    if (from === 0) return readTail(before, MAX_BYTES) + text;
    place.decoder = new StringDecoder("utf8");
  }
}

/** True when a text holds this many whole lines. It takes one line end more: the text before the first may be part of a line. */
function hasLines(text: string, lines: number): boolean {
  let count = 0;
  for (let at = text.indexOf("\n"); at !== -1 && count <= lines; at = text.indexOf("\n", at + 1)) count += 1;
  return count > lines;
}

/** The text after the last read. A file that is shorter than what was read has been emptied. */
function readOn(place: Place): string {
  const { size } = fstatSync(place.fd);
  if (size < place.at) {
    place.at = 0;
    place.decoder = new StringDecoder("utf8");
  }
  const bytes = readRange(place.fd, place.at, Math.min(size, place.at + MAX_BYTES));
  place.at += bytes.length;
  return place.decoder.write(bytes);
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
