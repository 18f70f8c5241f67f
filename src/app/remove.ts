import { existsSync } from "node:fs";
import { logDecision } from "../core/host.ts";
import { stopSession } from "../launch/end/end.ts";
import { refuseElsewhere } from "../launch/refusals.ts";
import { type ErrorCode, type ErrorView, IapeerError, toErrorView } from "../model/errors.ts";
import { identityOf, nearest } from "../model/names.ts";
import { listKeptRuntimes } from "../provision/memory-state.ts";
import { dropPeer, markRemoving, readRegistry } from "../registry/registry.ts";
import type { Peer } from "../registry/types.ts";
import { hasLostAgent, listIncarnations } from "../status/incarnation/incarnation.ts";
import { removeBootUnits } from "../boot/boot.ts";
import { refuseMisplaced } from "../status/state-places.ts";
import { observeServer, readStatuses } from "../status/liveness/liveness.ts";
import type { Statuses } from "../status/liveness/types.ts";
import { authorize } from "./authority.ts";
import { openBoot } from "./boot.ts";
import { detachRuntimes, forgetRuntimes, type MemoryOutcome, refuseInterrupted } from "./memory.ts";
import type { App } from "./types.ts";

interface RemovalOptions {
  /** End live sessions first. */
  readonly isForced: boolean;
  /** Refuse unless the registry is at this revision. */
  readonly ifRevision?: number | undefined;
}

export interface RemovalRequest extends RemovalOptions {
  readonly personalities: readonly string[];
}

export interface PeerRemoval extends RemovalOptions {
  readonly personality: string;
}

/** The steps that a removal has done so far. One that fails half-way tells them too. */
interface Done {
  readonly unprovision: MemoryOutcome[];
  /** The names of what was kept about the peer and was purged. */
  readonly purgedState: string[];
  /** There: it would have started at boot. */
  bootUnit?: "removed";
}

/** How the removal of one peer ended. */
export type Removal = { readonly personality: string } & Readonly<Done> &
  (
    | { readonly action: "removed"; readonly cwd: string; /** True: the folder was still there. */ readonly hasFolder: boolean }
    | { readonly action: "absent"; /** A peer whose name is nearly the same. */ readonly near?: string | undefined }
    | { readonly action: "failed"; readonly error: ErrorView }
  );

/** One peer's removal as `remove --json` has it. */
export interface RemovalJson {
  readonly personality: string;
  readonly action: Removal["action"];
  readonly cwd?: string;
  readonly unprovision: readonly MemoryOutcome[];
  readonly purgedState: readonly string[];
  readonly bootUnit?: "removed";
  readonly error?: ErrorView;
}

export function toRemovalJson(removal: Removal): RemovalJson {
  const { personality, action, unprovision, purgedState, bootUnit } = removal;
  return {
    personality,
    action,
    ...(action === "removed" && { cwd: removal.cwd }),
    unprovision,
    purgedState,
    ...(bootUnit !== undefined && { bootUnit }),
    ...(action === "failed" && { error: removal.error }),
  };
}

/** After these the other peers are not tried. */
const STOPPERS: ReadonlySet<ErrorCode> = new Set(["interrupted", "revision-conflict"]);

/**
 * Removes peers, one after the other, each as removePeer does. A row for each that was tried. It throws
 * `not-authorized`, and nothing for what stands in a row.
 */
export async function removePeers(app: App, request: RemovalRequest, signal: AbortSignal): Promise<Removal[]> {
  const { personalities, isForced, ifRevision } = request;
  for (const personality of personalities) authorize(app, "remove", personality);
  const removals: Removal[] = [];
  for (const personality of new Set(personalities)) {
    // The first removal itself moves the revision on: it guards that one alone.
    const guard = removals.length === 0 ? { ifRevision } : {};
    const removal = await removePeer(app, { personality, isForced, ...guard }, signal);
    removals.push(removal);
    if (removal.action === "failed" && STOPPERS.has(removal.error.code)) break;
  }
  return removals.some(({ action }) => action === "absent") ? withNear(app, removals) : removals;
}

/** A peer that is not there may be a slip of the finger. */
function withNear({ layout }: App, removals: readonly Removal[]): Removal[] {
  const names = readRegistry(layout).peers.map(({ personality }) => personality);
  return removals.map((one) => (one.action === "absent" ? { ...one, near: nearest(one.personality, names) } : one));
}

/**
 * Removes one peer, step by step, so that an interrupted removal goes on when it is asked for again. The folder stays. Every failure is a
 * value: `interrupted`, `peer-live`, `session-elsewhere`, `session-damaged`, `revision-conflict`, `stop-failed`, `write-failed` and what the registry throws.
 */
export async function removePeer(app: App, removal: PeerRemoval, signal: AbortSignal): Promise<Removal> {
  const { personality } = removal;
  const done: Done = { unprovision: [], purgedState: [] };
  try {
    const cwd = await runSteps(app, { ...removal, done }, signal);
    if (cwd === undefined) return { personality, action: "absent", ...done };
    return { personality, action: "removed", cwd, hasFolder: existsSync(cwd), ...done };
  } catch (thrown) {
    return { personality, action: "failed", error: toErrorView(thrown), ...done };
  }
}

interface Steps extends PeerRemoval {
  readonly done: Done;
}

/** In the order that lets an interrupted removal go on. The folder of the peer; undefined: there is no such peer. */
async function runSteps(app: App, steps: Steps, signal: AbortSignal): Promise<string | undefined> {
  const { layout, now, lockTimeoutMs } = app;
  const { personality, isForced, ifRevision, done } = steps;
  const registry = readRegistry(layout);
  // Before any session is ended. Another process may still be faster: the mark looks again.
  registry.requireRevision(ifRevision);
  const found = registry.find(personality);
  if (found === undefined) {
    await takeUnit(app, steps, signal);
    return undefined;
  }
  await endSessions(app, { peer: found, isForced }, signal);
  refuseInterrupted(signal);
  const change = { lockTimeoutMs, signal };
  const peer = await markRemoving(layout, { ...change, ...(ifRevision !== undefined && { ifRevision }) }, personality, now());
  await takeUnit(app, steps, signal);
  if (peer === undefined) return undefined;
  done.unprovision.push(...(await detachRuntimes(app, peer, signal)));
  done.purgedState.push(...(await forgetRuntimes(app, { ...peer, runtimes: listKeptRuntimes(layout, peer) }, signal)));
  // The mark has moved the revision on, and has looked at it.
  const revision = await dropPeer(layout, change, personality, now());
  logDecision(app, { ev: "remove", personality, cwd: peer.cwd, revision });
  return peer.cwd;
}

/** A peer that is gone, or going, does not start at the next boot. Throws `write-failed`: then the removal stays half done. */
async function takeUnit(app: App, { personality, done }: Steps, signal: AbortSignal): Promise<void> {
  if ((await removeBootUnits([personality], openBoot(app, signal))).length > 0) done.bootUnit = "removed";
}

async function endSessions(
  app: App,
  { peer, isForced }: { readonly peer: Peer; readonly isForced: boolean },
  signal: AbortSignal,
): Promise<void> {
  const { layout } = app;
  const { runtimes, personality } = peer;
  if (!isForced)
    return refuseLive(app, { personality, runtimes, hint: `to stop it first: iapeer remove ${personality} --force` });
  const statuses = readStatuses(layout);
  const known = listIncarnations(layout);
  for (const runtime of runtimes) {
    const identity = identityOf(runtime, personality);
    refuseMisplaced(layout, identity);
    if (observeServer(layout, identity).kind === "unknown") throw notKnown(identity, statuses);
    const isAsleep = ["asleep", "stopped"].includes(statuses.of(identity));
    if (!isAsleep || known.has(identity)) await stopSession({ identity, reason: "remove" }, app, signal);
  }
}

function notKnown(identity: string, statuses: Statuses): IapeerError {
  const why = statuses.whyUnknown(identity);
  return new IapeerError("peer-live", `whether ${identity} is live cannot be told${why === undefined ? "" : `: ${why}`}`, {
    hint: "look at its socket's folder and its server, then try again",
  });
}

export interface LiveCheck {
  readonly personality: string;
  readonly runtimes: readonly string[];
  /** The next thing to type where one is live. */
  readonly hint: string;
}

/** Throws `peer-live` while a runtime of a peer is live, or may be; `session-elsewhere` where only another place can tell. */
export function refuseLive(
  { layout }: Pick<App, "layout">,
  { personality, runtimes, hint }: LiveCheck,
  statuses: Statuses = readStatuses(layout),
): void {
  for (const runtime of runtimes) {
    const identity = identityOf(runtime, personality);
    refuseElsewhere(layout, identity);
    const status = statuses.of(identity);
    if (status === "unknown") {
      refuseMisplaced(layout, identity);
      throw notKnown(identity, statuses);
    }
    if (status === "live" || hasLostAgent(layout, identity)) throw new IapeerError("peer-live", `${identity} is live`, { hint });
  }
}
