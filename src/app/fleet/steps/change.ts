import { makeFolder } from "../../../core/disk/files.ts";
import { logDecision } from "../../../core/host.ts";
import { openQueue, type Queue } from "../../../core/process/queue.ts";
import type { ApplySteps, Done, FoundPeer, PlannedRow, Stage } from "../../../fleet/plan/types.ts";
import type { Agent } from "../../../model/agent.ts";
import { IapeerError } from "../../../model/errors.ts";
import { isGood } from "../../../model/provisioning.ts";
import { movePeer, registerPeers } from "../../../registry/registry.ts";
import type { RegisterOutcome } from "../../../registry/types.ts";
import { withTell } from "../../app.ts";
import { authorize } from "../../authority.ts";
import type { HostView } from "../../host-view.ts";
import { detachRuntimes, forgetRuntimes, giveBirth, type MemoryOutcome } from "../../memory.ts";
import { removePeer } from "../../remove.ts";
import type { App } from "../../types.ts";
import { changePeer } from "../../update.ts";
import { isLive, requestOf } from "./peer.ts";
import type { StepsRequest } from "./types.ts";

/** The means to change one row. Warnings of its app go into the message of the row. */
interface Work {
  readonly app: App;
  readonly view: HostView;
  readonly signal: AbortSignal;
  /** A turn in a queue is cheaper than a wait for the registry's lock, which this process itself holds. */
  readonly serially: Queue;
}

/** Opens the steps that register, update and remove peers. */
export function openChanges(
  app: App,
  { view, isForced }: StepsRequest,
  signal: AbortSignal,
): Pick<ApplySteps, "register" | "change"> {
  const serially = openQueue();
  const voiceOf = openVoices(app);
  const outcomes = new Map<string, RegisterOutcome>();

  const register = async (rows: readonly PlannedRow[]) => {
    const requests = rows.map(({ agent, found }) => requestOf(app, agent!, found));
    const registered = await serially(
      async () => await registerPeers(app.layout, { lockTimeoutMs: app.lockTimeoutMs, signal }, requests),
    );
    registered.forEach((outcome, index) => {
      const { peer } = rows[index]!;
      outcomes.set(peer, outcome);
      logRegistration(voiceOf(peer).app, outcome);
    });
  };

  const takeOutcome = async (row: PlannedRow): Promise<Exclude<RegisterOutcome, { action: "failed" }>> => {
    if (!outcomes.has(row.peer)) await register([row]);
    const outcome = outcomes.get(row.peer)!;
    if (outcome.action === "failed") throw outcome.error;
    return outcome;
  };

  const change = async (row: PlannedRow, enter: (stage: Stage) => void): Promise<Done> => {
    const { agent, found, peer } = row;
    const voice = voiceOf(peer);
    const work = { app: voice.app, view, signal, serially };
    if (found !== undefined && (agent === undefined || agent.remote !== undefined || found.isBeingRemoved)) {
      enter("remove");
      await takeAway(peer, isForced, work);
    }
    if (agent === undefined) return { stage: "remove", ...voice.message() };
    if (agent.remote !== undefined) return { stage: "record", ...voice.message() };
    enter("register");
    const moved = row.isMove && !found!.isBeingRemoved ? await movePeerTo(agent, found!, work) : NOT_MOVED;
    const { newborn, outcomes: settled } = await settlePeer({ row, agent, registered: await takeOutcome(row) }, work);
    enter("memory");
    const births = await attachMemory(peer, [...new Set([...moved.unborn, ...newborn])], work);
    const isBad = [...moved.outcomes, ...settled, ...births].some((outcome) => !isGood(outcome));
    return {
      stage: births.length === 0 ? "register" : "memory",
      ...voice.message(liveHint(row, view)),
      ...(isBad && { cause: "provider" as const }),
    };
  };

  return { register, change };
}

interface Voice {
  readonly app: App;
  /** All warnings so far in one line, and one more. */
  readonly message: (more?: string) => Pick<Done, "message">;
}

/** Opens a voice for each row: many rows are done at once, and a warning belongs into the message of its row. */
function openVoices(app: App): (peer: string) => Voice {
  const voices = new Map<string, Voice>();
  return (peer) => {
    const voice = voices.get(peer) ?? openVoice(app);
    voices.set(peer, voice);
    return voice;
  };
}

function openVoice(app: App): Voice {
  const said: string[] = [];
  return {
    app: withTell(app, { warn: (line) => void said.push(line), note: () => undefined }),
    message: (more) => {
      const all = more === undefined ? said : [...said, more];
      return all.length === 0 ? {} : { message: all.join("; ") };
    },
  };
}

function logRegistration(app: App, outcome: RegisterOutcome): void {
  if (outcome.action === "failed") return;
  if (outcome.cardNote !== undefined) app.tell.warn(outcome.cardNote);
  if (outcome.action === "unchanged") return;
  const { action, peer, newRuntimes, revision } = outcome;
  const { personality, cwd } = peer;
  logDecision(app, { ev: "add", personality, action, runtimes: newRuntimes.join(","), cwd, revision });
}

/** Removes a peer. Throws the error that kept it from going: no agent has itself removed. */
async function takeAway(personality: string, isForced: boolean, { app, signal }: Work): Promise<void> {
  authorize(app, "remove", personality);
  const removed = await removePeer(app, { personality, isForced }, signal);
  if (removed.action !== "failed") return;
  const { code, message, ...more } = removed.error;
  throw new IapeerError(code, message, more);
}

interface Moved {
  /** The runtimes whose memory is to be attached anew. */
  readonly unborn: readonly string[];
  readonly outcomes: readonly MemoryOutcome[];
}

const NOT_MOVED: Moved = { unborn: [], outcomes: [] };

/**
 * Gives a peer another folder; it keeps everything else. The folder is made before memory is detached, and the peer stays registered. Killed
 * at any instant, the move is done again.
 */
async function movePeerTo(
  { workingDirectory, sharesFolder }: Agent,
  { personality, cwd: from }: FoundPeer,
  work: Work,
): Promise<Moved> {
  const { app, view, signal, serially } = work;
  const { layout, lockTimeoutMs, now } = app;
  const cwd = workingDirectory!;
  makeFolder(cwd);
  const target = view.registry().require(personality);
  const outcomes = await detachRuntimes(app, target, signal);
  await forgetRuntimes(app, target, signal);
  const move = { personality, cwd, isFolderShared: sharesFolder ?? false, now: now() };
  const { revision, cardNote } = await serially(async () => await movePeer(layout, { lockTimeoutMs, signal }, move));
  if (cardNote !== undefined) app.tell.warn(cardNote);
  logDecision(app, { ev: "move", personality, from, cwd, revision });
  return { unborn: target.runtimes, outcomes };
}

interface Settling {
  readonly row: PlannedRow;
  readonly agent: Agent;
  readonly registered: Exclude<RegisterOutcome, { action: "failed" }>;
}

interface Settled {
  /** The runtimes whose memory is still to be attached. */
  readonly newborn: readonly string[];
  readonly outcomes: readonly MemoryOutcome[];
}

/** Gives a registered peer the default runtime that is declared, and takes away the one that was declared before. */
async function settlePeer({ row, agent, registered }: Settling, { app, signal, serially }: Work): Promise<Settled> {
  const { newRuntimes, peer } = registered;
  const newborn = newRuntimes.includes(agent.runtime) || row.changes.includes("memory") ? [agent.runtime] : [];
  // Nothing is left to take away from a peer that was removed before.
  const leaving = row.found?.isBeingRemoved ? undefined : row.leaving;
  if (peer.defaultRuntime === agent.runtime && leaving === undefined) return { newborn, outcomes: [] };
  const request = { defaultRuntime: agent.runtime, ...(leaving !== undefined && { removeRuntimes: [leaving] }) };
  const change = { personality: row.peer, request, isProvisioned: !row.isMove };
  const { outcomes } = await serially(async () => await changePeer(app, change, signal));
  return { newborn, outcomes };
}

/** Attaches memory to runtimes that a peer still has. Throws `interrupted`. */
async function attachMemory(
  personality: string,
  runtimes: readonly string[],
  { app, view, signal }: Work,
): Promise<readonly MemoryOutcome[]> {
  if (runtimes.length === 0) return [];
  const peer = view.registry().require(personality);
  const here = runtimes.filter((runtime) => peer.runtimes.includes(runtime));
  const outcomes = await giveBirth(app, { peer, runtimes: here, view }, signal);
  if (signal.aborted) throw new IapeerError("interrupted", `interrupted while the memory of ${personality} was being attached`);
  return outcomes;
}

/** A live session was told something else at its launch. */
function liveHint({ agent, changes, peer }: PlannedRow, view: HostView): string | undefined {
  const isTold = changes.some((change) => ["class", "model_hint", "socket_name"].includes(change));
  return agent !== undefined && isTold && isLive(agent, view) ? `${peer} is live: it changes with its next launch` : undefined;
}
