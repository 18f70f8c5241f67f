import { checkUpdate, readRegistry, updatePeer } from "../../registry/registry.ts";
import type { ChangeOptions, Peer, UpdateRequest } from "../../registry/types.ts";
import { giveBirth, NO_BIRTH } from "./birth.ts";
import { logDecision } from "../../core/host.ts";
import type { Context } from "../app.ts";
import type { OutcomeJson } from "../../cli/outcomes.ts";
import { detachRuntimes, forgetRuntimes, refuseLive } from "./removal.ts";

export interface PeerChange {
  readonly request: UpdateRequest;
  readonly change: ChangeOptions;
  /** Run no provider command. */
  readonly isSilent: boolean;
}

export interface ChangedPeer {
  readonly action: "updated" | "unchanged";
  readonly peer: Peer;
  readonly outcomes: readonly OutcomeJson[];
  readonly revision: number;
  /** As BirthReport has it. */
  readonly status: number;
}

/** Changes what is said of a peer. From a runtime that goes the memory is detached first; one that comes gets a birth. */
export async function changePeer(
  personality: string,
  { request, change, isSilent }: PeerChange,
  context: Context,
): Promise<ChangedPeer> {
  const detached = await detachRemoved(personality, { request, change, isSilent }, context);
  const { peer, isChanged, newRuntimes, revision } = await updatePeer(context.layout, change, personality, request);
  const action = isChanged ? "updated" : "unchanged";
  if (action === "updated")
    logDecision(context, { ev: "update", personality, changed: Object.keys(request).join(","), revision });
  await forgetRuntimes({ ...peer, runtimes: request.removeRuntimes ?? [] }, context);
  const birth = isSilent ? NO_BIRTH : await giveBirth(peer, newRuntimes, context);
  return { action, peer, outcomes: [...detached, ...birth.outcomes], revision, status: birth.status };
}

/** Detaches memory from the runtimes that go; what cannot be is refused before anything is detached. */
async function detachRemoved(
  personality: string,
  { request, change, isSilent }: PeerChange,
  context: Context,
): Promise<OutcomeJson[]> {
  const runtimes = request.removeRuntimes ?? [];
  const registry = readRegistry(context.layout);
  registry.requireRevision(change.ifRevision);
  const current = registry.require(personality);
  checkUpdate(current, request);
  refuseLive(personality, { runtimes, hint: "end its session, then run this again" }, context);
  if (isSilent || runtimes.length === 0) return [];
  return await detachRuntimes({ ...current, runtimes }, context);
}
