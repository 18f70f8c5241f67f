import { closeSync, constants, fstatSync, openSync, readSync, statSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import { errnoOf, ioError } from "../model/errors.ts";
import { readTail } from "../core/disk/files.ts";

/** The first look at a log's end; each next one is four times as large. */
const FIRST_LOOK_BYTES = 64 * 1024;
/** Nothing further back than this is looked at, of the log and of the one before. */
const MAX_BYTES = 16 * 1024 * 1024;

/** What one session printed, and goes on printing: a file that others append to, and may rotate to `.1` or empty. */
export interface SessionLog extends Disposable {
  /**
   * The end of what is there, with as many whole lines as are asked for where there are so many, some more before, and what
   * stands behind the last line end. `readNew` goes on from there.
   */
  readEnd(lines: number): string;
  /** What was written since, also by way of a rotation or a truncation. */
  readNew(): string;
}

/** Opens a log, which need not be there yet. Calls throw IapeerError `read-failed`. */
export function openSessionLog(path: string): SessionLog {
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
      // Others wrote a last line to the old file for as long as something came; now they write to the new one.
      closeSync(place.fd);
      place = openPlace(path);
      return place === undefined ? "" : readOn(place);
    },
    [Symbol.dispose]: () => {
      if (place !== undefined) closeSync(place.fd);
    },
  };
}

/** How far an open file was read. */
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

/** A file that was rotated away, or whose successor is there, is no longer the one at its path. */
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

/** One line end more than lines: what stands before the first may be a part of a line. */
function hasLines(text: string, lines: number): boolean {
  let count = 0;
  for (let at = text.indexOf("\n"); at !== -1 && count <= lines; at = text.indexOf("\n", at + 1)) count += 1;
  return count > lines;
}

/** A file that is shorter than it was read has been emptied. */
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

/** Fewer bytes when the file has shrunk since. */
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
