import { callOf } from "../../model/names.ts";
import { makeFolder } from "../../core/disk/files.ts";
import { IapeerError } from "../../model/errors.ts";
import { withLock } from "../../core/disk/lock.ts";
import { socketPathOf } from "../../core/layout.ts";
import { readProcess } from "../../core/process/processes.ts";
import { callTmux } from "../../core/tmux.ts";
import { identityLockPath, incarnationPaths, saveIncarnation } from "../../status/incarnation/incarnation.ts";
import type { Running } from "../../status/incarnation/types.ts";
import type { ServerState } from "../../status/liveness/types.ts";
import { hasRecorder, type Origin } from "../session/recorder.ts";
import { armCanary, type Arming, dismissRecorder } from "./canary.ts";
import { claimedBy, isAbandoned, withdrawClaim, writeClaim } from "./claim.ts";
import { identifyServer, readAgentPane, readStamp } from "../session/session.ts";
import { mintIncarnation } from "../session/incarnation-store.ts";
import { type Host, logDecision } from "../../core/host.ts";
import { INCARNATION_OPTION } from "../session/stamp.ts";
import { staleIncarnation } from "../end/end.ts";

/**
 * Gives the live server of an identity a canary, and takes back a dismissal. A server that bears nobody's stamp is adopted: it gets an
 * incarnation of this root.
 *
 * @throws IapeerError `peer-not-live`; `stale-incarnation`: the server is another root's; `canary-failed`.
 */
export async function armIdentity(identity: string, origin: Origin, host: Host): Promise<Arming["outcome"]> {
  return await whileLocked(identity, host, async () => {
    const incarnation = await findRunning(await identifyServer(host.layout, identity), identity, host);
    const paths = incarnationPaths(host.layout, identity, incarnation.incarnation);
    const arming = await armCanary(incarnation, origin, host);
    if (arming.outcome === "failed")
      throw new IapeerError("canary-failed", `${identity} has no canary: ${arming.why}`, { details: { identity } });
    // An order that somebody is carrying out is not taken back by this.
    if (claimedBy(paths) === "dismiss" || isAbandoned(paths)) withdrawClaim(paths);
    return arming.outcome;
  });
}

async function findRunning(state: ServerState, identity: string, host: Host): Promise<Running> {
  if (state.kind === "ours") return state.incarnation;
  if (state.kind === "other") return await adoptServer(identity, state.pid, host);
  throw notLive(identity, state);
}

/** Makes a server that was found running one of this root's. Throws `stale-incarnation` for one that is another's already. */
export async function adoptServer(identity: string, pid: number, host: Host): Promise<Running> {
  const { layout, now } = host;
  const server = readProcess(pid);
  const socket = socketPathOf(layout, identity);
  if (server === undefined || (await readStamp(socket)) !== "") throw staleIncarnation(identity, pid);
  const minted = mintIncarnation(layout, identity, { now: now() });
  const stamped = await callTmux(socket, [
    "if-shell",
    "-F",
    `#{?${INCARNATION_OPTION},,#{==:#{pid},${pid}}}`,
    `set-option -s ${INCARNATION_OPTION} ${minted.incarnation}`,
  ]);
  if (!stamped.ok || (await readStamp(socket)) !== minted.incarnation) throw staleIncarnation(identity, pid);
  const adopted = { ...minted, server: { pid: server.pid, start: server.start }, pane: (await readAgentPane(minted)) ?? null };
  saveIncarnation(layout, adopted);
  logDecision(host, { ev: "adopt", identity, server_pid: pid, incarnation: minted.incarnation });
  return adopted;
}

/**
 * Takes the canary off a server that goes on: whatever ends it from now on is wanted.
 *
 * @throws IapeerError `peer-not-live`, `stale-incarnation`.
 */
export async function dismissIdentity(identity: string, host: Host): Promise<"dismissed" | "already-dismissed"> {
  return await whileLocked(identity, host, async () => {
    const state = await identifyServer(host.layout, identity);
    if (state.kind === "other") throw staleIncarnation(identity, state.pid);
    if (state.kind === "gone" || state.kind === "unknown") throw notLive(identity, state);
    const paths = incarnationPaths(host.layout, identity, state.incarnation.incarnation);
    if (claimedBy(paths) === "dismiss" && !hasRecorder(paths)) return "already-dismissed";
    writeClaim(paths, "dismiss", host.now());
    await dismissRecorder(state.incarnation, host);
    logDecision(host, { ev: "canary", identity, state: "dismissed", server_pid: state.incarnation.server.pid });
    return "dismissed";
  });
}

async function whileLocked<T>(identity: string, { layout, lockTimeoutMs }: Host, work: () => Promise<T>): Promise<T> {
  makeFolder(layout.stateFolder);
  return await withLock(identityLockPath(layout, identity), { timeoutMs: lockTimeoutMs }, work);
}

/** Nobody answers for an identity, or it cannot be told. */
export function notLive(identity: string, { kind }: { readonly kind: ServerState["kind"] }): IapeerError {
  const launch = `iapeer launch ${callOf(identity)}`;
  if (kind === "gone")
    return new IapeerError("peer-not-live", `${identity} is not live`, { hint: `to start it: ${launch}`, details: { identity } });
  if (kind === "unreachable") {
    return new IapeerError("peer-not-live", `${identity} runs, but its socket is gone`, {
      hint: `to have the socket back: ${launch}`,
      details: { identity },
    });
  }
  return new IapeerError("peer-not-live", `whether ${identity} is live cannot be told`, {
    hint: "see: iapeer doctor",
    details: { identity },
  });
}
