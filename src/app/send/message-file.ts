import { closeSync, constants, openSync, readSync } from "node:fs";
import { describeErrno, errnoOf, IapeerError } from "../../model/errors.ts";
import { decodeMessage, MAX_BYTES, MAX_CHARS, messageInvalid } from "../../model/message.ts";

/**
 * The text in a file, a pipe, or stdin (`-`).
 *
 * @throws IapeerError `file-not-found`, `read-failed`, `message-invalid`: no UTF-8, or longer than any message.
 */
export function readMessageFile(file: string): string {
  return decodeMessage(readBytes(file));
}

/** A file, a pipe or stdin, no further than a message may go. */
function readBytes(file: string): Buffer {
  const fd = file === "-" ? 0 : openMessage(file);
  try {
    const bytes = Buffer.alloc(MAX_BYTES + 1);
    const length = readFully(fd, bytes);
    if (length > MAX_BYTES)
      throw messageInvalid(`the message has more than ${MAX_CHARS} characters`, "send a file's path, not the file");
    return bytes.subarray(0, length);
  } catch (error) {
    if (error instanceof IapeerError) throw error;
    throw new IapeerError("read-failed", `cannot read ${file === "-" ? "stdin" : file}: ${describeErrno(error)}`, {
      details: { path: file },
      cause: error,
    });
  } finally {
    if (fd !== 0) closeSync(fd);
  }
}

function openMessage(file: string): number {
  try {
    return openSync(file, constants.O_RDONLY);
  } catch (error) {
    if (errnoOf(error) === "ENOENT")
      throw new IapeerError("file-not-found", `there is no file ${file}`, { details: { path: file } });
    throw error;
  }
}

function readFully(fd: number, bytes: Buffer): number {
  let length = 0;
  while (length < bytes.length) {
    try {
      const count = readSync(fd, bytes, length, bytes.length - length, null);
      if (count === 0) break;
      length += count;
    } catch (error) {
      // Another process made stdin non-blocking.
      if (errnoOf(error) !== "EAGAIN") throw error;
      Bun.sleepSync(5);
    }
  }
  return length;
}
