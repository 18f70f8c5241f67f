import { closeSync } from "node:fs";
import { IapeerError } from "../../model/errors.ts";
import { makePipe } from "../libc.ts";

/** What a command prints, read as fast as it prints. */
export interface Pipe {
  /** What the command gets in the place of its stdout or stderr; to be closed here once the command has it. */
  readonly writeEnd: number;
  /** Hands every chunk to `take` from now on. */
  drain(take: (chunk: Uint8Array) => void): void;
  /** After the command's exit: takes what stands in the pipe, without waiting for a daemon that holds it open. */
  settle(): Promise<void>;
  /** For a command that did not start. */
  close(): void;
}

/** This many looks in a row that find nothing in a pipe, each after the system was asked, mean that it is empty. */
const QUIET_LOOKS = 5;
const LOOK_MS = 2;
/** After so much output what was read is freed at once: a flood must not cost memory. */
const COLLECT_BYTES = 4 * 1024 * 1024;
/** A daemon may go on writing; its words are not the command's. */
const DRAIN_MS = 100;

/**
 * Opens a pipe(2). Bun's own "pipe" is a socket, and a socket cannot be opened by its name: a script's
 * `echo … > /dev/stderr` would fail.
 *
 * @throws an IapeerError when no file descriptor is left.
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
      // Left to itself the collector lets tens of megabytes of read chunks stand.
      uncollected = 0;
      Bun.gc(true);
    }
  };
  let whole = Promise.resolve();
  return {
    writeEnd: ends.writeEnd,
    drain: (take) => {
      // Out of descriptors for the reader's own copy: the command's words are lost, its outcome is not.
      whole = readAll(take).catch(() => undefined);
      // The first read has made that copy.
      closeSync(ends.readEnd);
    },
    settle: async () => {
      const quiet = async () => {
        const deadline = performance.now() + DRAIN_MS;
        for (let looks = 0, seen = chunks; looks < QUIET_LOOKS && performance.now() < deadline; looks += 1) {
          await Bun.sleep(LOOK_MS);
          if (chunks !== seen) looks = -1;
          seen = chunks;
        }
        await reader.cancel();
      };
      await Promise.race([whole, quiet()]);
    },
    close: () => closeSync(ends.readEnd),
  };
}
