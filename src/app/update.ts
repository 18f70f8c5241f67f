import { readBootUnits, removeBootUnits } from "../boot/boot.ts";
import { logDecision } from "../core/host.ts";
import { checkUpdate, readRegistry, updatePeer } from "../registry/registry.ts";
import type { ChangeOptions, Peer, UpdateRequest } from "../registry/types.ts";
import { readStatuses } from "../status/liveness/liveness.ts";
import { authorize } from "./authority.ts";
import { openBoot, readBootAgents, servicePlace } from "./boot.ts";
import { fitDescription } from "./description.ts";
import { detachRuntimes, forgetRuntimes, giveBirth, type MemoryOutcome } from "./memory.ts";
import { type PeerJson, toPeerJson } from "./peer-json.ts";
import { refuseLive } from "./remove.ts";
import type { App } from "./types.ts";

export interface PeerChange {
  readonly personality: string;
  /** The fields that change; those that are left out stay. */
  readonly request: UpdateRequest;
  /** True: the provider's commands run for the runtimes that come and go. */
  readonly isProvisioned: boolean;
  /** Refuse unless the registry is at this revision. */
  readonly ifRevision?: number | undefined;
}

export interface ChangedPeer {
  readonly action: "updated" | "unchanged";
  readonly peer: Peer;
  readonly outcomes: readonly MemoryOutcome[];
  /** The registry's, after this call. */
  readonly revision: number;
}

/** As `update --json` prints it. */
export interface UpdatedPeer extends Omit<ChangedPeer, "peer"> {
  readonly peer: PeerJson;
}

/**
 * Changes a peer as a person asks for it: beside the peer itself, the unit that would launch a runtime which the peer has no more.
 *
 * @throws IapeerError `not-authorized`, and what changePeer throws.
 */
export async function revisePeer(app: App, change: PeerChange, signal: AbortSignal): Promise<UpdatedPeer> {
  const { isManager, description, ...others } = change.request;
  if (isManager !== undefined) authorize(app, "update --manager", change.personality);
  if (description !== undefined || Object.keys(others).length > 0) authorize(app, "update", change.personality);
  const request = { ...change.request, ...(description !== undefined && { description: fitDescription(app, description) }) };
  const changed = await changePeer(app, { ...change, request }, signal);
  await dropLostUnit(app, change.personality);
  // The same key at the same place: the JSON has peer before outcomes.
  return { ...changed, peer: toPeerJson(changed.peer, readStatuses(app.layout)) };
}

/**
 * Changes a peer in the registry and on its card. Memory is detached first from a runtime that goes; one that comes gets a birth.
 *
 * @throws IapeerError `interrupted`: memory was detached and nothing else done, or nothing at all; `peer-live`, `peer-not-found`,
 *   `peer-being-removed`, `revision-conflict`, and what updatePeer throws.
 */
export async function changePeer(app: App, change: PeerChange, signal: AbortSignal): Promise<ChangedPeer> {
  const { personality, request, isProvisioned, ifRevision } = change;
  const detached = await detachLeaving(app, change, signal);
  const options: ChangeOptions = { lockTimeoutMs: app.lockTimeoutMs, signal, ...(ifRevision !== undefined && { ifRevision }) };
  const { peer, isChanged, newRuntimes, revision, cardNote } = await updatePeer(app.layout, options, personality, request);
  if (cardNote !== undefined) app.tell.note(cardNote);
  const action = isChanged ? "updated" : "unchanged";
  if (action === "updated") logDecision(app, { ev: "update", personality, changed: Object.keys(request).join(","), revision });
  await forgetRuntimes(app, { ...peer, runtimes: request.removeRuntimes ?? [] }, signal);
  const births = isProvisioned ? await giveBirth(app, { peer, runtimes: newRuntimes }, signal) : [];
  return { action, peer, outcomes: [...detached, ...births], revision };
}

/** Detaches memory from the runtimes that go. A change that cannot be done is refused before anything is detached. */
async function detachLeaving(
  app: App,
  { personality, request, isProvisioned, ifRevision }: PeerChange,
  signal: AbortSignal,
): Promise<MemoryOutcome[]> {
  const runtimes = request.removeRuntimes ?? [];
  const registry = readRegistry(app.layout);
  registry.requireRevision(ifRevision);
  const current = registry.require(personality);
  checkUpdate(current, request);
  refuseLive(app, { personality, runtimes, hint: "end its session, then run this again" });
  if (!isProvisioned || runtimes.length === 0) return [];
  return await detachRuntimes(app, { ...current, runtimes }, signal);
}

async function dropLostUnit(app: App, personality: string): Promise<void> {
  if (readBootUnits(servicePlace(app)).unitOf(personality) === "absent") return;
  if (readBootAgents(app).agents.some(({ name }) => name === personality)) return;
  await removeBootUnits([personality], openBoot(app));
}
