import { statSync } from "node:fs";
import { awaitAnswer, type Silence } from "../core/process/answering.ts";
import { stampBeat } from "../launch/heartbeat/heartbeat.ts";
import { heartbeatWrapper } from "../launch/heartbeat/heartbeat.ts";
import { IapeerError } from "../model/errors.ts";
import { identityOf, parseIdentity, parsePersonality, parseRuntime, quoteForMessage } from "../model/names.ts";
import { readRegistry } from "../registry/registry.ts";
import type { Peer } from "../registry/types.ts";
import { pointerPath } from "../status/incarnation/incarnation.ts";
import { chooseIdentity } from "./choose.ts";
import type { App } from "./types.ts";

/** The peer that a heartbeat is of. */
export interface BeatOwner {
  /** A personality, or an identity as "claude-alice". Default: the peer of the session that the call is made in, by its environment. */
  readonly peer?: string | undefined;
  /** For a personality. Default: the peer's default runtime. */
  readonly runtime?: string | undefined;
}

export interface BeatRequest extends BeatOwner {
  /** Only if this process answers. `start` tells it from a later process of the same pid. */
  readonly process?: { readonly pid: number; readonly start?: string } | undefined;
}

export interface BeatReport {
  /** null: the session was not launched from this root. */
  readonly identity: string | null;
  readonly written: boolean;
  /** How the process did not answer. */
  readonly silence?: Silence | undefined;
}

/** As `heartbeat --json` prints it. */
export function toBeatJson({ identity, written }: BeatReport): Pick<BeatReport, "identity" | "written"> {
  return { identity, written };
}

/** How long a program may take to read what is typed, or to go on. */
const ANSWER_MS = 2000;

/**
 * Notes that a peer is alive. A heartbeat that cannot be written is a warning.
 *
 * @throws IapeerError `usage`: no peer is named, and the environment is no session's; `invalid-name`, `peer-not-found`, `runtime-not-found`.
 */
export async function giveHeartbeat(app: App, { process, ...owner }: BeatRequest): Promise<BeatReport> {
  const identity = chooseOwner(app, owner) ?? null;
  const silence = process === undefined ? undefined : await awaitAnswer(process, ANSWER_MS);
  if (silence !== undefined) return { identity, written: false, silence };
  return { identity, written: identity !== null && tryStamp(app, identity) };
}

export interface WrapRequest extends BeatOwner {
  readonly everySecs: number;
  /** A program and its arguments. */
  readonly command: readonly string[];
}

/**
 * The argv of a /bin/sh that becomes a program, with a loop beside it that gives heartbeats for as long as the program lives and answers. In a
 * session of another root there is no loop.
 *
 * @throws IapeerError `invalid-value`: a word of the command is not UTF-8; what giveHeartbeat throws.
 */
export async function planHeartbeats(app: App, { everySecs, command, ...owner }: WrapRequest): Promise<string[]> {
  const identity = chooseOwner(app, owner);
  const broken = command.find((word) => word.includes("\ufffd"));
  if (broken !== undefined)
    throw new IapeerError(
      "invalid-value",
      `a word of the command is not UTF-8, and would not arrive as it is: ${quoteForMessage(broken)}`,
    );
  if (identity === undefined) return ["/bin/sh", "-c", 'exec "$@"', "iapeer-heartbeat", ...command];
  return [...heartbeatWrapper([...app.self, "--root", app.layout.root], everySecs, identity), ...command];
}

function chooseOwner(app: App, { peer, runtime }: BeatOwner): string | undefined {
  return peer === undefined ? ownIdentity(app, runtime) : identityFrom(app, peer, runtime);
}

/** The identity of the session that the call is made in. It does not ask the registry: an agent calls this after every turn. */
function ownIdentity({ env, layout, tell }: App, runtime: string | undefined): string | undefined {
  const named = env["PEER_IDENTITY"] ?? "";
  if (named === "") throw usageError("heartbeat needs a peer: this is no session's process");
  if (runtime !== undefined) throw usageError("--runtime needs a peer beside it");
  if (parseIdentity(named) === undefined) throw usageError(`PEER_IDENTITY is not an identity: ${JSON.stringify(named)}`);
  if (statSync(pointerPath(layout, named), { throwIfNoEntry: false }) !== undefined) return named;
  tell.warn(`the heartbeat is not written: ${named} was not launched from ${layout.root}`);
  return undefined;
}

function usageError(message: string): IapeerError {
  return new IapeerError("usage", message, { hint: "see: iapeer heartbeat --help" });
}

/** A peer of that name comes before an identity that looks the same. */
function identityFrom(app: App, word: string, runtime: string | undefined): string {
  const parsed = runtime === undefined ? parseIdentity(word) : undefined;
  if (parsed !== undefined) {
    const peers = readRegistry(app.layout).peers;
    const has = (peer: Peer) => peer.personality === parsed.personality && peer.runtimes.includes(parseRuntime(parsed.runtime));
    if (!peers.some(({ personality }) => personality === word) && peers.some(has))
      return identityOf(parsed.runtime, parsed.personality);
  }
  const asked = {
    personality: parsePersonality(word),
    runtime: runtime === undefined ? undefined : parseRuntime(runtime),
  };
  return chooseIdentity(app, asked, "heartbeat").identity;
}

function tryStamp({ layout, now, tell }: App, identity: string): boolean {
  try {
    stampBeat(layout, identity, now());
    return true;
  } catch (error) {
    if (!(error instanceof IapeerError)) throw error;
    tell.warn(`the heartbeat is not written: ${error.message}`);
    return false;
  }
}
