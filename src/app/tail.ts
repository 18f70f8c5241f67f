import { sessionLogPath } from "../core/layout.ts";
import { pause } from "../core/process/pause.ts";
import { readableLines } from "../core/text/terminal-text.ts";
import { openSessionTail } from "../status/session-tail.ts";
import { type AskedIdentity, chooseIdentity } from "./choose.ts";
import type { App } from "./types.ts";

export interface TailRequest extends AskedIdentity {
  /** How many of the lines that are there already. */
  readonly count: number;
}

/** The output of a session, as lines to read. */
export interface PeerTail {
  readonly identity: string;
  readonly lines: readonly string[];
  /** False: its log is empty, or there is none. */
  readonly hasPrinted: boolean;
}

/** As `tail --json` prints it. */
export function toTailJson({ identity, lines }: PeerTail): Pick<PeerTail, "identity" | "lines"> {
  return { identity, lines };
}

/**
 * The last lines that a peer's session printed, also one that has ended. A last line without its end is one of them.
 *
 * @throws IapeerError `peer-not-found`, `runtime-not-found`, `read-failed`.
 */
export async function tailPeer(app: App, { count, ...asked }: TailRequest): Promise<PeerTail> {
  const { identity } = chooseIdentity(app, asked, "tail");
  using log = openSessionTail(sessionLogPath(app.layout, identity));
  const text = log.readEnd(count);
  return { identity, lines: endedLines(text).slice(-count), hasPrinted: text !== "" };
}

/** Between two looks: no longer than a person notices. */
const POLL_MS = 100;
/** A longer line has no end that a person waits for. */
const MOST_REST = 64 * 1024;

/**
 * Follows the output of a peer's session until the signal comes. It yields the last lines that are there, which may be none; then the
 * lines that were ended since, for each look that found any.
 *
 * @throws IapeerError what tailPeer throws.
 */
export async function* followPeer(app: App, { count, ...asked }: TailRequest, signal: AbortSignal): AsyncGenerator<PeerTail> {
  const { identity } = chooseIdentity(app, asked, "tail");
  using log = openSessionTail(sessionLogPath(app.layout, identity));
  const end = log.readEnd(count);
  let { whole, rest } = splitWhole(end);
  yield { identity, lines: count === 0 ? [] : endedLines(whole).slice(-count), hasPrinted: end !== "" };
  while (!signal.aborted) {
    await pause(POLL_MS, signal);
    ({ whole, rest } = splitWhole(rest + log.readNew()));
    const lines = endedLines(whole);
    if (lines.length > 0) yield { identity, lines, hasPrinted: true };
    rest = rest.slice(-MOST_REST);
  }
}

/** The lines of a text; nothing behind its last line end is no line. */
function endedLines(text: string): string[] {
  const lines = readableLines(text);
  return lines.at(-1) === "" ? lines.slice(0, -1) : lines;
}

/** The part up to the last line end, that included, and what follows it. */
function splitWhole(text: string): { whole: string; rest: string } {
  const end = text.lastIndexOf("\n") + 1;
  return { whole: text.slice(0, end), rest: text.slice(end) };
}
