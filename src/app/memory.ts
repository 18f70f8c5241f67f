import { isHeld } from "../core/disk/lock.ts";
import { isSameFolder } from "../core/disk/same-folder.ts";
import { stopSession } from "../launch/end/end.ts";
import { IapeerError } from "../model/errors.ts";
import { identityOf } from "../model/names.ts";
import { isGood } from "../model/provisioning.ts";
import { attachAtBirth, detachAtRemoval, purgePeer } from "../provision/provision.ts";
import type { ProvisionRow, Target } from "../provision/types.ts";
import { readRegistry } from "../registry/registry.ts";
import { identityLockPath, listIncarnations } from "../status/incarnation/incarnation.ts";
import type { SlotProblem } from "../status/slot/types.ts";
import { readSlot } from "../status/slot/slot.ts";
import { type HostView, openHostView } from "./host-view.ts";
import type { App } from "./types.ts";

/** The outcome of one runtime's memory. */
export interface MemoryOutcome {
  readonly runtime: string;
  /** A run's state, or a row state of the older plugin form. */
  readonly state: string;
  readonly detail?: string;
}

/** Warns of each part of the slot's declaration that is not obeyed. */
export function warnOfSlot({ tell }: Pick<App, "tell">, problems: readonly SlotProblem[]): void {
  problems.filter(({ severity }) => severity === "error").forEach(({ message }) => tell.warn(`memory slot: ${message}`));
}

export interface BirthRequest {
  readonly peer: Target;
  /** The runtimes whose memory is to be attached. */
  readonly runtimes: readonly string[];
  /** Handed in where many births belong to one call. */
  readonly view?: HostView;
}

/**
 * Attaches the slot's memory to a peer's new runtimes. A provider that fails never fails a birth: it is a warning with the repair command.
 * Once the signal came, the runtimes that were not begun have no outcome.
 */
export async function giveBirth(app: App, request: BirthRequest, signal: AbortSignal): Promise<MemoryOutcome[]> {
  const { peer, runtimes, view = openHostView(app) } = request;
  const { tell } = app;
  const { slot, problems } = view.slot();
  warnOfSlot(app, problems);
  if (slot === undefined || runtimes.length === 0) return [];
  const birth = { slot, target: peer, runtimes, allTargets: view.registry().peers };
  const rows = await attachAtBirth(app, birth, signal);
  if (!signal.aborted) await clearGone(app, { targets: [peer], wasAttached: true, view }, signal);
  const bad = rows.filter((row) => !isGood(row));
  bad.forEach((row) => tell.warn(describeFailure(row, "attached")));
  if (bad.length > 0)
    tell.note(`the peer is registered; to try its memory again: iapeer memory-plugin on --peer ${peer.personality}`);
  return rows.map(withoutName);
}

/**
 * Detaches memory from the given runtimes of a peer. A provider that fails is a warning.
 *
 * @throws IapeerError `interrupted`: the removal stays half done.
 */
export async function detachRuntimes(app: App, target: Target, signal: AbortSignal): Promise<MemoryOutcome[]> {
  const { layout, tell } = app;
  const { slot, problems } = readSlot(layout);
  warnOfSlot(app, problems);
  // Another peer that is leaving too does not keep the one plugin of codex.
  const allTargets = readRegistry(layout).peers.filter((peer) => !peer.isBeingRemoved || peer.personality === target.personality);
  const rows = await detachAtRemoval(app, { slot, target, allTargets }, signal);
  rows.filter((row) => !isGood(row)).forEach((row) => tell.warn(describeFailure(row, "detached")));
  refuseInterrupted(signal);
  return rows.map(withoutName);
}

/** Throws `interrupted` once the signal came. For work that goes on where it stopped when it is asked for again. */
export function refuseInterrupted(signal: AbortSignal): void {
  if (!signal.aborted) return;
  throw new IapeerError("interrupted", "interrupted before it was done", {
    hint: "run the same command again: it goes on where it stopped",
  });
}

export interface GoneRequest {
  /** The peers that a provider command just ran for. */
  readonly targets: readonly Target[];
  /** True: that command attached memory. */
  readonly wasAttached: boolean;
  readonly view?: Pick<HostView, "registry">;
}

/**
 * Leaves nothing of peers that were removed while their provider command ran. It may run for minutes, and nothing keeps a person from
 * removing the peer meanwhile. Memory that was attached is detached again.
 */
export async function clearGone(app: App, request: GoneRequest, signal: AbortSignal): Promise<void> {
  const { targets, wasAttached, view = openHostView(app) } = request;
  const { find } = view.registry();
  const isHere = ({ personality }: Target) => find(personality)?.isBeingRemoved === false;
  for (const target of targets.filter((one) => !isHere(one))) {
    if (wasAttached) {
      app.tell.warn(`${target.personality} was removed meanwhile; its memory is detached again`);
      await detachRuntimes(app, target, signal);
    }
    await forgetRuntimes(app, target, signal);
  }
}

/** Purges what is kept about runtimes that a peer no longer has; the names of what went. An end that has no record yet gets one first. */
export async function forgetRuntimes(app: App, target: Target, signal: AbortSignal): Promise<string[]> {
  const { layout } = app;
  const known = listIncarnations(layout);
  for (const identity of target.runtimes.map((runtime) => identityOf(runtime, target.personality))) {
    // A process that holds the lock may be launching it just now.
    if (known.has(identity) || isHeld(identityLockPath(layout, identity)))
      await stopSession({ identity, reason: "remove" }, app, signal);
  }
  const sharers = () =>
    readRegistry(layout).peers.filter(
      ({ personality, cwd, isBeingRemoved }) =>
        personality !== target.personality && !isBeingRemoved && isSameFolder(cwd, target.cwd),
    );
  return await purgePeer(app, { target, sharers }, signal);
}

function withoutName({ runtime, state, detail }: ProvisionRow): MemoryOutcome {
  return { runtime, state, ...(detail !== undefined && { detail }) };
}

function describeFailure({ personality, runtime, state, detail }: ProvisionRow, what: "attached" | "detached"): string {
  return `memory of ${personality} (${runtime}) was not ${what}: ${state}${detail === undefined ? "" : `: ${detail}`}`;
}
