import { makeFolder } from "../../core/disk/files.ts";
import { withLock } from "../../core/disk/lock.ts";
import { type Host, logDecision } from "../../core/host.ts";
import type { ProcessId } from "../../core/process/process-table.ts";
import { isRunning, readProcess } from "../../core/process/processes.ts";
import { randomHex } from "../../core/text/random.ts";
import { withoutTmux } from "../../core/tmux.ts";
import { IapeerError } from "../../model/errors.ts";
import { callOf } from "../../model/names.ts";
import { identityLockPath, incarnationPaths, saveIncarnation } from "../../status/incarnation/incarnation.ts";
import type { Incarnation, IncarnationPaths, Running } from "../../status/incarnation/types.ts";
import { claimedBy, isAbandoned, withdrawClaim, writeClaim } from "../claim.ts";
import { dismissRecorder, endRecorder, hasRecorder, noteArming, readCanaryRecord, startRecorder } from "../recorder/recorder.ts";
import type { Origin } from "../recorder/types.ts";
import { type IdentifiedServer, identifyServer } from "../identify.ts";
import { mintIncarnation, readAgentPane, readStamp } from "../session/session.ts";
import { notLive, refuseOtherIncarnation, staleIncarnation } from "../refusals.ts";
import { INCARNATION_OPTION } from "../stamp.ts";
import type { Arming, CanaryState, Unwatched } from "./types.ts";
import { socketPathOf } from "../../core/socket-path.ts";

/** How long a client may take to say that it waits. */
const READY_MS = 3000;

/**
 * Gives a running server a recorder that waits for its end through a tmux client. The identity's lock must be held. It never throws: a
 * server without a canary is better than no server. A failure is a line in lifecycle.log.
 */
export async function armCanary(
  incarnation: Incarnation & { readonly server: ProcessId },
  origin: Origin,
  host: Host,
): Promise<Arming> {
  const arming = await tryArming(incarnation, origin, host);
  const { identity, server } = incarnation;
  if (arming.outcome === "failed")
    logDecision(host, { ev: "canary", identity, state: "failed", origin, server_pid: server.pid, why: arming.why });
  return arming;
}

async function tryArming(incarnation: Incarnation & { readonly server: ProcessId }, origin: Origin, host: Host): Promise<Arming> {
  const paths = incarnationPaths(host.layout, incarnation.identity, incarnation.incarnation);
  try {
    if (hasRecorder(paths)) return { outcome: "already-armed" };
    if (incarnation.shared && incarnation.pane === null)
      return { outcome: "failed", why: "its launch was killed half-way; stop it, or launch it again" };
    const readyChannel = `iap-ready-${randomHex(8)}`;
    const watching = { witness: "client", readyChannel, environment: withoutTmux(host.env) } as const;
    const recorder = startRecorder(watching, { incarnation, origin, host });
    if (recorder === undefined) return { outcome: "already-armed" };
    const ready = await host.tmux.call(incarnation.socket, ["wait-for", readyChannel], { timeoutMs: READY_MS });
    if (!ready.ok) {
      await endRecorder(recorder);
      return { outcome: "failed", why: `its client could not wait: ${ready.why}` };
    }
    noteArming(incarnation.server, recorder, { incarnation, witness: "client", origin, host });
    return { outcome: "armed" };
  } catch (error) {
    return { outcome: "failed", why: error instanceof Error ? error.message : String(error) };
  }
}

/** A live server whose canary is to change. */
export interface CanaryOrder {
  readonly identity: string;
  /** Refuses when another incarnation is there. Default: any. */
  readonly expected?: string | undefined;
}

/**
 * Gives the live server of an identity a canary, and takes back a dismissal. An unstamped server is adopted: it gets an incarnation of
 * this root.
 *
 * @param signal ends the wait for another process that is at work on the identity
 * @throws IapeerError `peer-not-live`; `stale-incarnation`: the server is another root's, or not the expected incarnation; `canary-failed`, `lock-busy`, `interrupted`.
 */
export async function armIdentity(
  { identity, expected }: CanaryOrder,
  host: Host,
  signal?: AbortSignal,
): Promise<"armed" | "already-armed"> {
  return await whileLocked({ identity, signal }, host, async () => {
    const state = await identifyServer(identity, host);
    if (state.kind === "ours") refuseOtherIncarnation(state.incarnation, expected);
    const incarnation = await findRunning(state, identity, host);
    const paths = incarnationPaths(host.layout, identity, incarnation.incarnation);
    const arming = await armCanary(incarnation, "manual", host);
    if (arming.outcome === "failed")
      throw new IapeerError("canary-failed", `${identity} has no canary: ${arming.why}`, { details: { identity } });
    // A claim that a process is carrying out now stays.
    if (claimedBy(paths) === "dismiss" || isAbandoned(paths)) withdrawClaim(paths);
    return arming.outcome;
  });
}

async function findRunning(state: IdentifiedServer, identity: string, host: Host): Promise<Running> {
  if (state.kind === "ours") return state.incarnation;
  if (state.kind === "other") return await adoptServer(identity, state.pid, host);
  throw notLive(identity, state);
}

/** Makes an unstamped server that was found running one of this root's. Throws `stale-incarnation` when it has another stamp. */
export async function adoptServer(identity: string, pid: number, host: Host): Promise<Running> {
  const { layout, now, tmux } = host;
  const server = readProcess(pid);
  const socket = socketPathOf(layout, identity);
  if (server === undefined || (await readStamp(socket, tmux)) !== "") throw staleIncarnation(identity, pid);
  const minted = mintIncarnation(layout, identity, { now: now() });
  const stamped = await tmux.call(socket, [
    "if-shell",
    "-F",
    `#{?${INCARNATION_OPTION},,#{==:#{pid},${pid}}}`,
    `set-option -s ${INCARNATION_OPTION} ${minted.incarnation}`,
  ]);
  if (!stamped.ok || (await readStamp(socket, tmux)) !== minted.incarnation) throw staleIncarnation(identity, pid);
  const adopted = {
    ...minted,
    server: { pid: server.pid, start: server.start },
    pane: (await readAgentPane(minted, tmux)) ?? null,
  };
  saveIncarnation(layout, adopted);
  logDecision(host, { ev: "adopt", identity, server_pid: pid, incarnation: minted.incarnation });
  return adopted;
}

/**
 * Takes the canary off a server that goes on. From then on every end of that server is wanted.
 *
 * @param signal ends the wait for another process that is at work on the identity
 * @throws IapeerError `peer-not-live`, `stale-incarnation`, `lock-busy`, `interrupted`.
 */
export async function dismissIdentity(
  { identity, expected }: CanaryOrder,
  host: Host,
  signal?: AbortSignal,
): Promise<"dismissed" | "already-dismissed"> {
  return await whileLocked({ identity, signal }, host, async () => {
    const state = await identifyServer(identity, host);
    if (state.kind === "other") throw staleIncarnation(identity, state.pid);
    if (state.kind !== "ours" && state.kind !== "unreachable" && state.kind !== "hung") throw notLive(identity, state);
    refuseOtherIncarnation(state.incarnation, expected);
    const paths = incarnationPaths(host.layout, identity, state.incarnation.incarnation);
    if (claimedBy(paths) === "dismiss" && !hasRecorder(paths)) return "already-dismissed";
    writeClaim(paths, "dismiss", host.now());
    await dismissRecorder(state.incarnation, host);
    logDecision(host, { ev: "canary", identity, state: "dismissed", server_pid: state.incarnation.server.pid });
    return "dismissed";
  });
}

interface Wait {
  readonly identity: string;
  readonly signal: AbortSignal | undefined;
}

async function whileLocked<T>({ identity, signal }: Wait, { layout, lockTimeoutMs }: Host, work: () => Promise<T>): Promise<T> {
  makeFolder(layout.stateFolder);
  return await withLock(identityLockPath(layout, identity), { timeoutMs: lockTimeoutMs, signal }, work);
}

/** Tells whether the end of an incarnation's server would be recorded now, how, and if not why not. */
export function readCanaryState(paths: IncarnationPaths): CanaryState {
  const record = readCanaryRecord(paths);
  const none = { armed: false, witness: null, recorder_pid: null, since: null } as const;
  if (hasRecorder(paths)) {
    if (record === undefined) return { ...none, reason: "a recorder holds its lock, but no file names it" };
    return { armed: true, witness: record.witness, recorder_pid: record.recorder.pid, since: record.since };
  }
  const claimant = claimedBy(paths);
  if (claimant === "dismiss") return { ...none, reason: "dismissed" };
  if (claimant !== undefined) return { ...none, reason: `its end was claimed by ${claimant}` };
  if (record === undefined) return { ...none, reason: "never armed" };
  const what = isRunning(record.recorder) ? "let go of its lock" : "is gone";
  return { ...none, reason: `its recorder (pid ${record.recorder.pid}) ${what}` };
}

/** Why a server of another root, or an unstamped one, has no canary of ours. */
export const FOREIGN = "it was not launched from this root";

/** The command that gives such a server a canary. `supervise` leaves alone what a person dismissed. */
export function hintForUnwatched({ identity, reason }: Unwatched): string {
  if (reason === FOREIGN) return "iapeer doctor";
  return reason === "dismissed" ? `iapeer canary arm ${callOf(identity)}` : "iapeer supervise --once";
}
