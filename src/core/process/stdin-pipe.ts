import { closeSync, readSync, writeSync } from "node:fs";
import { isWritable, makePipe } from "../libc.ts";

/** The stdin of a command, complete before the command starts. */
export interface StdinPipe {
  /** The descriptor for the command's stdin. */
  readonly readEnd: number;
  /** Takes out the bytes that no process read, counts them, and closes the pipe. For after the command's end. */
  readonly drain: () => number;
  /** Closes the pipe of a command that did not start. */
  readonly close: () => void;
}

/** The bytes that a pipe holds without a reader (pipe(7); macOS `BIG_PIPE_SIZE`). */
export const STDIN_BYTES = 65_536;

/** The bytes that can be written when poll(2) says that any can: PIPE_BUF (pipe(7), macOS limits.h). */
const PIPE_BUF = process.platform === "darwin" ? 512 : 4096;

/**
 * Opens a pipe that holds some bytes and then its end. Nothing has to feed it while the command runs, and the bytes that are left in it
 * tell how much the command never took.
 *
 * @returns the pipe, or why there is none, in words.
 */
export function openStdinPipe(bytes: Uint8Array): StdinPipe | string {
  if (bytes.length > STDIN_BYTES)
    return `what it is to read is ${bytes.length} bytes, more than the ${STDIN_BYTES} that a pipe holds`;
  const ends = makePipe();
  if (ends === undefined) return "out of file descriptors";
  const { readEnd, writeEnd } = ends;
  const isFilled = fill(writeEnd, bytes);
  closeSync(writeEnd);
  const close = () => closeSync(readEnd);
  if (isFilled) return { readEnd, drain: () => drain(readEnd), close };
  close();
  return "the system gives this user no pipe that holds what it is to read (/proc/sys/fs/pipe-user-pages-soft)";
}

function fill(fd: number, bytes: Uint8Array): boolean {
  for (let done = 0; done < bytes.length;) {
    if (!isWritable(fd)) return false;
    done += writeSync(fd, bytes, done, Math.min(PIPE_BUF, bytes.length - done));
  }
  return true;
}

/** Reads to the end. It never waits, because no process has the other end open. */
function drain(fd: number): number {
  const chunk = Buffer.alloc(STDIN_BYTES);
  let left = 0;
  for (let count = -1; count !== 0; left += count) count = readSync(fd, chunk);
  closeSync(fd);
  return left;
}
