import type { FileSink } from "bun";
import { errnoOf } from "../../model/errors.ts";

/**
 * Writes to the stdin of a child. A child that has ended reads nothing: Bun throws or rejects with EPIPE then, and the child's exit tells the
 * caller enough.
 */
export function writeToChild(stdin: FileSink, text: string): void {
  ignoreBrokenPipe(() => stdin.write(text));
  ignoreBrokenPipe(() => stdin.flush());
}

/** Closes the stdin of a child, whether or not the child still lives. */
export function closeChildStdin(stdin: FileSink): void {
  ignoreBrokenPipe(() => stdin.end());
}

function ignoreBrokenPipe(call: () => unknown): void {
  const rethrow = (error: unknown) => {
    if (errnoOf(error) !== "EPIPE") throw error;
    return 0;
  };
  try {
    const done = call();
    if (done instanceof Promise) void done.catch(rethrow);
  } catch (error) {
    rethrow(error);
  }
}
