import { IapeerError, toErrorView } from "../../model/errors.ts";
import { isHeld } from "../../core/disk/lock.ts";
import { identityOf } from "../../model/names.ts";
import type { Layout } from "../../core/layout.ts";
import { stopIdentity } from "../../launch/end/end.ts";
import { agenticRuntimes, declaresCommands, type ProvisionRow, type Target } from "../../provision/attach.ts";
import { isGood } from "../../provision/row-state.ts";
import { runtimesWithState } from "../../provision/provision-state.ts";
import { detachAtRemoval, purgePeer } from "../../provision/removal.ts";
import { dropPeer, markRemoving, readRegistry } from "../../registry/registry.ts";
import type { ChangeOptions, Peer } from "../../registry/types.ts";
import { hasLostAgent, identityLockPath, listIncarnations } from "../../status/incarnation/incarnation.ts";
import { observeServer, readStatus, readStatuses } from "../../status/liveness/liveness.ts";
import { readSlot } from "../../status/slot/slot.ts";
import { openBoot, takeFromBoot } from "../boot.ts";
import { warnOfSlot, withoutName } from "../../cli/outcomes.ts";
import { logDecision } from "../../core/host.ts";
import { type Context, providerTools } from "../app.ts";
import { withInterruption } from "../../cli/interruption.ts";
import type { OutcomeJson } from "../../cli/outcomes.ts";

/** One peer's removal as `remove --json` has it. */
export interface RemovalJson {
  readonly personality: string;
  readonly action: "removed" | "absent" | "failed";
  readonly cwd?: string;
  readonly unprovision: readonly OutcomeJson[];
  readonly purgedState: readonly string[];
  /** There: it would have started at boot. */
  readonly bootUnit?: "removed";
  readonly error?: ReturnType<typeof toErrorView>;
}

/** How a removal ended, and the exit status it would have alone. */
export interface Removal {
  readonly json: RemovalJson;
  readonly status: number;
}

export interface RemovalOptions {
  /** End live sessions first. */
  readonly isForced: boolean;
  readonly change: ChangeOptions;
}

/** Removes one peer, step by step so that an interrupted removal goes on when it is run again. Never throws: see `error`. */
export async function removePeer(personality: string, options: RemovalOptions, context: Context): Promise<Removal> {
  const done: Done = { unprovision: [], purgedState: [] };
  try {
    const cwd = await runSteps(personality, options, { ...context, done });
    if (cwd === undefined) return { json: { personality, action: "absent", ...done }, status: 0 };
    return { json: { personality, action: "removed", cwd, ...done }, status: 0 };
  } catch (thrown) {
    const json = { personality, action: "failed" as const, ...done, error: toErrorView(thrown) };
    return { json, status: thrown instanceof IapeerError ? thrown.exitStatus : 70 };
  }
}

/** What was done so far; a removal that fails half-way tells it too. */
interface Done {
  readonly unprovision: OutcomeJson[];
  readonly purgedState: string[];
  bootUnit?: "removed";
}

/** The order that lets an interrupted removal go on. The folder of the peer; undefined: there is no such peer. */
async function runSteps(
  personality: string,
  { isForced, change }: RemovalOptions,
  { done, ...context }: Context & { readonly done: Done },
): Promise<string | undefined> {
  const { layout, now } = context;
  const registry = readRegistry(layout);
  // Before any session is ended; that nobody was faster since is checked again with the mark.
  registry.requireRevision(change.ifRevision);
  const found = registry.find(personality);
  if (found === undefined) {
    takeUnit(personality, done, context);
    return undefined;
  }
  await endSessions(found, isForced, context);
  const leaving = await markRemoving(layout, change, personality, now());
  takeUnit(personality, done, context);
  if (leaving === undefined) return undefined;
  done.unprovision.push(...(await detachRuntimes(leaving, context)));
  done.purgedState.push(...(await forgetRuntimes({ ...leaving, runtimes: runtimesOf(leaving, layout) }, context)));
  // The mark has moved the revision on; that it is still the expected one was checked with it.
  const revision = await dropPeer(layout, { lockTimeoutMs: change.lockTimeoutMs }, personality, now());
  logDecision(context, { ev: "remove", personality, cwd: leaving.cwd, revision });
  return leaving.cwd;
}

/** Who is gone, or going, does not start at the next boot. Throws `write-failed`: then the removal stays half done. */
function takeUnit(personality: string, done: Done, context: Context): void {
  if (takeFromBoot([{ agent: personality }], openBoot(context), context).length > 0) done.bootUnit = "removed";
}

/** Its runtimes, and those that an interrupted update has left something of. */
function runtimesOf({ runtimes, personality }: Peer, layout: Layout): string[] {
  return [...new Set([...runtimes, ...runtimesWithState(layout, personality)])];
}

async function endSessions({ runtimes, personality }: Peer, isForced: boolean, context: Context): Promise<void> {
  const hint = `to stop it first: iapeer remove ${personality} --force`;
  if (!isForced) return refuseLive(personality, { runtimes, hint }, context);
  const statuses = readStatuses(context.layout);
  const known = listIncarnations(context.layout);
  for (const runtime of runtimes) {
    const identity = identityOf(runtime, personality);
    if (observeServer(context.layout, identity).kind === "unknown") throw notKnown(identity);
    const isAsleep = ["asleep", "stopped"].includes(statuses.of(identity));
    if (!isAsleep || known.has(identity)) await stopIdentity(identity, "remove", context);
  }
}

function live(identity: string, hint: string): IapeerError {
  return new IapeerError("peer-live", `${identity} is live`, { hint });
}

function notKnown(identity: string): IapeerError {
  return new IapeerError("peer-live", `whether ${identity} is live cannot be told`, {
    hint: "look at its socket's folder and its server, then try again",
  });
}

/** Refuses to go on while a runtime of a peer is live, or may be. */
export function refuseLive(
  personality: string,
  { runtimes, hint }: { runtimes: readonly string[]; hint: string },
  { layout }: Context,
): void {
  for (const identity of runtimes.map((runtime) => identityOf(runtime, personality))) {
    const status = readStatus(layout, identity);
    if (status === "unknown") throw notKnown(identity);
    if (status === "live" || hasLostAgent(layout, identity)) throw live(identity, hint);
  }
}

/**
 * Detaches memory from some runtimes of a peer; what does not work is a warning.
 *
 * @throws IapeerError `interrupted`: the removal stays half done.
 */
export async function detachRuntimes(target: Target, context: Context): Promise<OutcomeJson[]> {
  const { layout, output, env } = context;
  const { slot, problems } = readSlot(layout);
  warnOfSlot(problems, output);
  if (slot !== undefined && declaresCommands(slot) && slot.unprovision === undefined && agenticRuntimes(target).length > 0) {
    output.warn(`provider "${slot.provider}" declares no unprovision command: what it attached to ${target.personality} stays`);
  }
  return await withInterruption(async ({ signal, exitStatus }) => {
    // Who is leaving as well does not keep codex' one plugin.
    const all = readRegistry(layout).peers.filter((peer) => !peer.isBeingRemoved || peer.personality === target.personality);
    const rows = await detachAtRemoval(target, all, { layout, env, slot, signal, tools: providerTools(context) });
    rows.filter((row) => !isGood(row)).forEach((row) => output.warn(describeFailure(row)));
    const status = exitStatus();
    if (status !== undefined) throw interrupted(status);
    return rows.map(withoutName);
  });
}

/**
 * Leaves nothing of peers that were removed while their provider's command ran: it may take minutes, and nothing keeps a
 * person from removing the peer meanwhile. What was attached is detached again.
 */
export async function clearGone(targets: readonly Target[], wasAttached: boolean, context: Context): Promise<void> {
  const here = new Set(
    readRegistry(context.layout)
      .peers.filter((peer) => !peer.isBeingRemoved)
      .map(({ personality }) => personality),
  );
  for (const target of targets.filter(({ personality }) => !here.has(personality))) {
    if (wasAttached) {
      context.output.warn(`${target.personality} was removed meanwhile; its memory is detached again`);
      await detachRuntimes(target, context);
    }
    await forgetRuntimes(target, context);
  }
}

/** Takes away what is kept about runtimes that a peer has no more. An end that nobody has recorded yet is recorded before. */
export async function forgetRuntimes(target: Target, context: Context): Promise<string[]> {
  const known = listIncarnations(context.layout);
  for (const identity of target.runtimes.map((runtime) => identityOf(runtime, target.personality))) {
    // Whoever holds the lock may be launching it just now.
    if (known.has(identity) || isHeld(identityLockPath(context.layout, identity)))
      await stopIdentity(identity, "remove", context);
  }
  return await purgePeer(target, { ...context, tools: providerTools(context) });
}

function interrupted(exitStatus: number): IapeerError {
  return new IapeerError("interrupted", "interrupted before it was done", {
    hint: "run the same command again: it goes on where it stopped",
    exitStatus,
  });
}

function describeFailure({ personality, runtime, state, detail }: ProvisionRow): string {
  return `memory of ${personality} (${runtime}) was not detached: ${state}${detail === undefined ? "" : `: ${detail}`}`;
}
