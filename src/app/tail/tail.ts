import { sessionLogPath } from "../../core/layout.ts";
import { openSessionTail } from "../../status/session-tail.ts";
import { chooseIdentity } from "../choose.ts";
import type { App } from "../types.ts";
import { readLines } from "./end.ts";
import { followLines } from "./follow.ts";
import { followBytes, lastLineBytes } from "./raw.ts";
import type { PeerTail, RawTail, TailRequest } from "./types.ts";

/** As `tail --json` prints it. */
export function toTailJson({ identity, lines }: PeerTail): Pick<PeerTail, "identity" | "lines"> {
  return { identity, lines };
}

/**
 * The last lines that a peer's session printed, also one that has ended. A last line without its end is one of them. Of a program that
 * draws they are the lines that scrolled off, and those that stand on its screen.
 *
 * @throws IapeerError `peer-not-found`, `runtime-not-found`, `log-untrusted`, `read-failed`.
 */
export async function tailPeer(app: App, { count, ...asked }: TailRequest): Promise<PeerTail> {
  const { identity } = chooseIdentity(app, asked, "tail");
  using log = openSessionTail(sessionLogPath(app.layout, identity));
  return await readLines(app, log, { identity, count, text: log.readEnd(count) });
}

/**
 * Follows the output of a peer's session until the signal comes. It yields the last lines that are there, which may be none; then the
 * lines that were ended since, for each look that found any. A line that is drawn is yielded once it has stood for a while.
 *
 * @throws IapeerError what tailPeer throws.
 */
export async function* followPeer(app: App, { count, ...asked }: TailRequest, signal: AbortSignal): AsyncGenerator<PeerTail> {
  const { identity } = chooseIdentity(app, asked, "tail");
  using log = openSessionTail(sessionLogPath(app.layout, identity));
  yield* followLines({ app, log }, { identity, count }, signal);
}

/**
 * The last lines of a session's log, byte for byte. A last line without its end is one of them.
 *
 * @throws IapeerError what tailPeer throws.
 */
export async function tailRaw(app: App, { count, ...asked }: TailRequest): Promise<RawTail> {
  const { identity } = chooseIdentity(app, asked, "tail");
  using log = openSessionTail(sessionLogPath(app.layout, identity));
  const bytes = log.readEndBytes(count);
  return { identity, bytes: lastLineBytes(bytes, count), hasPrinted: bytes.length > 0 };
}

/**
 * tailRaw, and then each byte that is printed, until the signal comes.
 *
 * @throws IapeerError what tailPeer throws.
 */
export async function* followRaw(app: App, { count, ...asked }: TailRequest, signal: AbortSignal): AsyncGenerator<RawTail> {
  const { identity } = chooseIdentity(app, asked, "tail");
  using log = openSessionTail(sessionLogPath(app.layout, identity));
  yield* followBytes(log, { identity, count }, signal);
}
