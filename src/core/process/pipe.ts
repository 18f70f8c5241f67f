import { closeSync } from "node:fs";
import { IapeerError } from "../../model/errors.ts";
import { until } from "./poll.ts";
import { makePipe } from "../libc.ts";

/** A pipe for the output of a command, read as fast as the command prints. */
export interface Pipe {
  /** The descriptor for the command's stdout or stderr. The caller closes its copy once the command has it. */
  readonly writeEnd: number;
  /** Passes every chunk to `take` from now on. */
  drain(take: (chunk: Uint8Array) => void): void;
  /** Takes the rest of the output after the command's exit, without waiting for a daemon that holds the pipe open. */
  settle(): Promise<void>;
  /** Closes the pipe of a command that did not start. */
  close(): void;
}

/** A pipe counts as empty after this many looks in a row that find nothing. */
const QUIET_LOOKS = 5;
const LOOK_MS = 2;
/** After this much output the chunks that were read are freed at once, so that a flood costs no memory. */
const COLLECT_BYTES = 4 * 1024 * 1024;
/** A daemon may go on writing. Its words are not the command's. */
const DRAIN_MS = 100;

/**
 * Opens a pipe(2). Bun's own "pipe" is a socket, which cannot be opened by its name, so that a script's `echo … > /dev/stderr` would fail.
 *
 * @throws IapeerError `command-failed`: no file descriptor is left.
 */
export function openPipe(): Pipe {
  const ends = makePipe();
  if (ends === undefined) throw new IapeerError("command-failed", "out of file descriptors");
  const reader = Bun.file(ends.readEnd).stream().getReader();
  let chunks = 0;
  let uncollected = 0;
  const readAll = async (take: (chunk: Uint8Array) => void) => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      chunks += 1;
      take(value);
      uncollected += value.length;
      if (uncollected < COLLECT_BYTES) continue;
      // By itself the collector keeps tens of megabytes of read chunks.
      uncollected = 0;
      Bun.gc(true);
    }
  };
  let whole = Promise.resolve();
  return {
    writeEnd: ends.writeEnd,
    drain: (take) => {
      // Without a descriptor for the reader's own copy the output is lost, but not the outcome.
      whole = readAll(take).catch(() => undefined);
      // The first read made that copy.
      closeSync(ends.readEnd);
    },
    settle: async () => {
      const quiet = async () => {
        let [looks, seen] = [0, -1];
        const isQuiet = () => {
          looks = chunks === seen ? looks + 1 : 0;
          seen = chunks;
          return looks >= QUIET_LOOKS;
        };
        await until(isQuiet, { timeoutMs: DRAIN_MS, everyMs: LOOK_MS });
        await reader.cancel();
      };
      await Promise.race([whole, quiet()]);
    },
    close: () => closeSync(ends.readEnd),
  };
}
