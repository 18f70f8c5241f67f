import type { Agent } from "../../model/agent.ts";
import { join } from "node:path";
import { IapeerError } from "../../model/errors.ts";
import { makeFolder } from "../../core/disk/files.ts";
import type { Queue } from "../../core/process/queue.ts";
import { type FoundPeer, type PlannedRow, runtimeThatGoes } from "../../fleet/plan/plan.ts";
import { logDecision } from "../../core/host.ts";
import type { Context } from "../app.ts";
import { detachRuntimes, forgetRuntimes, giveBirth, type MemoryOutcome } from "../memory.ts";
import { movePeer, readRegistry, registerPeer } from "../../registry/registry.ts";
import { removePeer } from "../remove.ts";
import { changePeer } from "../update.ts";

/** How an agent is registered. A folder that is not declared is the one that the peer has, else one of iapeer's own. */
export function requestOf({ name, runtime, workingDirectory }: Agent, found: FoundPeer | undefined, { layout }: Context) {
  const cwd = workingDirectory ?? (found === undefined || found.isBeingRemoved ? join(layout.peersFolder, name) : found.cwd);
  return { personality: name, cwd, hasOwnFolder: workingDirectory !== undefined, runtimes: [runtime] };
}

/** Removes a peer. Throws what stood in the way. */
export async function takeAway(
  removal: { readonly personality: string; readonly isForced: boolean },
  context: Context,
  signal: AbortSignal,
): Promise<void> {
  const removed = await removePeer(context, removal, signal);
  if (removed.action !== "failed") return;
  const { code, message, ...more } = removed.error;
  throw new IapeerError(code, message, more);
}

export interface Moved {
  /** The runtimes whose memory is to be attached anew. */
  readonly unborn: readonly string[];
  readonly outcomes: readonly MemoryOutcome[];
}

export const NOT_MOVED: Moved = { unborn: [], outcomes: [] };

/**
 * Gives a peer another folder, with all that anybody gave it. The folder is made before anything is detached, and the peer is registered
 * throughout; killed at any instant, it is done again.
 */
export async function movePeerTo(
  cwd: string,
  found: FoundPeer,
  { serially, context, signal }: { readonly serially: Queue; readonly context: Context; readonly signal: AbortSignal },
): Promise<Moved> {
  const { layout, lockTimeoutMs, now } = context;
  const { personality } = found;
  makeFolder(cwd);
  const target = readRegistry(layout).require(personality);
  const outcomes = await detachRuntimes(context, target, signal);
  await forgetRuntimes(context, target, signal);
  const { revision } = await serially(async () => await movePeer(layout, { lockTimeoutMs }, { personality, cwd, now: now() }));
  logDecision(context, { ev: "move", personality, from: found.cwd, cwd, revision });
  return { unborn: target.runtimes, outcomes };
}

export interface Put {
  /** The runtimes whose memory is still to be attached. */
  readonly newborn: readonly string[];
  readonly outcomes: readonly MemoryOutcome[];
}

/** Registers a peer as it is declared. */
export async function putPeer(
  { row, agent }: { readonly row: PlannedRow; readonly agent: Agent },
  context: Context,
  signal: AbortSignal,
): Promise<Put> {
  const { layout, lockTimeoutMs } = context;
  const {
    action,
    peer: { personality, cwd, defaultRuntime },
    newRuntimes,
    revision,
  } = await registerPeer(layout, { lockTimeoutMs }, requestOf(agent, row.found, context));
  if (action !== "unchanged")
    logDecision(context, { ev: "add", personality, action, runtimes: newRuntimes.join(","), cwd, revision });
  const newborn = newRuntimes.includes(agent.runtime) || row.changes.includes("memory") ? [agent.runtime] : [];
  // Of one that was removed before, nothing is left to take away.
  const leaving = row.found?.isBeingRemoved ? undefined : runtimeThatGoes(row);
  if (defaultRuntime === agent.runtime && leaving === undefined) return { newborn, outcomes: [] };
  const request = { defaultRuntime: agent.runtime, ...(leaving !== undefined && { removeRuntimes: [leaving] }) };
  const { outcomes } = await changePeer(context, { personality, request, isProvisioned: !row.isMove }, signal);
  return { newborn, outcomes };
}

/** Attaches memory to runtimes of a peer that it has. Throws `interrupted`. */
export async function attachMemory(
  { personality, runtimes }: { readonly personality: string; readonly runtimes: readonly string[] },
  context: Context,
  signal: AbortSignal,
): Promise<readonly MemoryOutcome[]> {
  if (runtimes.length === 0) return [];
  const peer = readRegistry(context.layout).require(personality);
  const here = runtimes.filter((runtime) => peer.runtimes.includes(runtime));
  const outcomes = await giveBirth(context, { peer, runtimes: here }, signal);
  if (signal.aborted) throw new IapeerError("interrupted", `interrupted while the memory of ${personality} was being attached`);
  return outcomes;
}
