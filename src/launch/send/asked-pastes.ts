import { readTail } from "../../core/disk/files.ts";

/** A look at a log's end reads so much, and the next one eight times as much. */
const FIRST_BYTES = 64 * 1024;
const MOST_BYTES = 32 * 1024 * 1024;

// oxlint-disable-next-line no-control-regex -- these are the sequences of a terminal
const MODE = /\u001b\[\?(?:\d+;)*2004(?:;\d+)*([hl])|(\u001bc)/g;

/**
 * Tells whether a program has asked its terminal for bracketed pastes, and has not taken that back, by the log of what it has printed
 * (xterm's private mode 2004; RIS resets it). A log that does not tell counts as no.
 *
 * @throws IapeerError `read-failed`.
 */
export function hasAskedForPastes(log: string): boolean {
  return hasAskedIn(log) ?? hasAskedIn(`${log}.1`) ?? false;
}

function hasAskedIn(log: string): boolean | undefined {
  for (let bytes = FIRST_BYTES; bytes <= MOST_BYTES; bytes *= 8) {
    const text = readTail(log, bytes);
    const last = [...text.matchAll(MODE)].at(-1);
    if (last !== undefined) return last[1] === "h";
    if (Buffer.byteLength(text) < bytes) return undefined;
  }
  return undefined;
}
