import { pause } from "../../core/process/pause.ts";
import type { SessionTail } from "../../status/session-tail.ts";
import { POLL_MS } from "./lines.ts";
import type { RawTail, TailOptions } from "./types.ts";

const LINE_FEED = 0x0a;

/** The bytes of the last lines; a last one without its end counts too. */
export function lastLineBytes(bytes: Uint8Array, count: number): Uint8Array {
  let from = bytes.length;
  for (let lines = 0; lines < count && from > 0; lines += 1) {
    // The end of the line itself is not looked at.
    from = from < 2 ? 0 : bytes.lastIndexOf(LINE_FEED, from - 2) + 1;
  }
  return bytes.subarray(from);
}

/** The bytes of the last lines, and then each byte that is printed, until the signal comes. */
export async function* followBytes(
  log: SessionTail,
  { identity, count }: TailOptions,
  signal: AbortSignal,
): AsyncGenerator<RawTail> {
  const end = log.readEndBytes(count);
  yield { identity, bytes: lastLineBytes(end, count), hasPrinted: end.length > 0 };
  while (!signal.aborted) {
    await pause(POLL_MS, signal);
    const bytes = log.readNewBytes();
    if (bytes.length > 0) yield { identity, bytes, hasPrinted: true };
  }
}
