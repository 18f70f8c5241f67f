import { existsSync, rmSync } from "node:fs";
import { writeAtomically } from "../../core/disk/atomic-write.ts";
import { writeReserved } from "../../core/disk/reserve.ts";
import { IapeerError } from "../../model/errors.ts";
import { makeFolder } from "../../core/disk/files.ts";
import { withLock } from "../../core/disk/lock.ts";
import type { ProcessInfo } from "../../core/process/process-table.ts";
import { listProcesses } from "../../core/process/processes.ts";
import { signalProcess } from "../../core/process/signals.ts";
import type { Tmux } from "../../core/tmux.ts";
import {
  identityLockPath,
  incarnationPaths,
  isAgentRunning,
  listIncarnations,
  pointerPath,
  readIncarnation,
  stopMarkPath,
} from "../../status/incarnation/incarnation.ts";
import type { Running } from "../../status/incarnation/types.ts";
import { answers, probeSocket } from "../../status/liveness/liveness.ts";
import { findAgentProcesses } from "./agent-processes.ts";
import { dismissRecorder, graceFrom, hasRecorder } from "../recorder/recorder.ts";
import { type ClaimReason, isToBeEnded, writeClaim } from "../claim.ts";
import { closeSession } from "./close-session.ts";
import { forgetIncarnation, hasSession, readAgentPane } from "../session/session.ts";
import { findByStamp } from "../damaged.ts";
import { type IdentifiedServer, identifyServer } from "../identify.ts";
import { refuseOtherIncarnation, sessionDamaged, sessionElsewhere, staleIncarnation } from "../refusals.ts";
import { type Host, logDecision } from "../../core/host.ts";
import { until } from "../../core/process/poll.ts";
import { areGoneWithin, terminate } from "../../core/process/terminate.ts";
import { settleIncarnations } from "../unwitnessed.ts";
import { renderIsOurs } from "../stamp.ts";
import { socketPathOf } from "../../core/socket-path.ts";

/** The time that a server may take to end by itself, that its processes may take, and that a killed process may take. */
const ORDERLY_MS = 5000;
const PROCESSES_MS = 5000;
const TERMINATE_MS = 2000;
const KILLED_MS = 2000;
const PATIENCE = { termMs: TERMINATE_MS, killMs: KILLED_MS } as const;

/** The result of a stop. */
export interface Stopped {
  readonly action: "stopped" | "not-running";
  readonly server_pid?: number;
}

/** A session that is to end. */
export interface StopOrder {
  readonly identity: string;
  readonly reason: "stop" | "retire" | "remove" | "sleep";
  /** Ends this incarnation only: one that was launched since goes on. Default: the present incarnation. */
  readonly only?: string;
  /** Refuses when another incarnation is there. Default: any. */
  readonly expected?: string | undefined;
  /** False: no stop mark stays, so that its unit starts it again. Default: true, and never for a removal. */
  readonly isMarked?: boolean;
  /** Awaited once the end is claimed, before anything is ended. */
  readonly onClaimed?: () => Promise<void>;
}

/** The reason of an end, and the work that waits for its claim. */
interface Ending extends Pick<StopOrder, "onClaimed" | "isMarked"> {
  readonly reason: ClaimReason;
}

/**
 * Ends the session and the server of an identity on purpose. The end is claimed first, so that it is no death. Returns when every process
 * of the session is gone.
 *
 * @param signal ends the wait for another process that is at work on the identity. A teardown that has begun is finished: a claim
 *   without an end would hide a later death.
 * @throws IapeerError `stale-incarnation`: the server was not launched from this root, or is not the expected incarnation;
 *   `session-elsewhere`; `session-damaged`: no server with its stamp answers; `stop-failed`, `lock-busy`, `interrupted`.
 */
export async function stopSession(order: StopOrder, host: Host, signal?: AbortSignal): Promise<Stopped> {
  const { identity, reason, only, expected, isMarked = true, onClaimed } = order;
  const { layout, lockTimeoutMs } = host;
  makeFolder(layout.stateFolder);
  return await withLock(identityLockPath(layout, identity), { timeoutMs: lockTimeoutMs, signal }, async () => {
    const state = await identifyServer(identity, host);
    const incarnation = incarnationOf(state);
    if (only !== undefined && state.kind !== "gone" && incarnation !== only) return { action: "not-running" };
    const running = await findRunning(state, { identity, expected }, host);
    if (running === undefined && incarnation !== undefined) refuseOtherIncarnation({ identity, incarnation }, expected);
    const isKept = isMarked && reason !== "remove";
    if (running === undefined) {
      await endLostAgents(identity, host);
      if (reason === "remove") await waitForRecorders(identity, host, signal);
      await settleIncarnations(identity, host);
      removeDeadSocket(socketPathOf(layout, identity));
      if (isKept) writeAtomically(stopMarkPath(layout, identity), renderStopMark(host.now()));
      return { action: "not-running" };
    }
    await endSession(running, { reason, isMarked: isKept, ...(onClaimed !== undefined && { onClaimed }) }, host);
    return { action: "stopped", server_pid: running.server.pid };
  });
}

function incarnationOf(state: IdentifiedServer): string | undefined {
  if (state.kind === "unknown") return undefined;
  return state.kind === "damaged" ? state.incarnation : state.incarnation?.incarnation;
}

/**
 * The session that a stop is to end; undefined when there is none. A server that no file names any more is ended where a person names its
 * stamp.
 */
async function findRunning(
  state: IdentifiedServer,
  { identity, expected }: Pick<StopOrder, "identity" | "expected">,
  host: Host,
): Promise<Running | undefined> {
  switch (state.kind) {
    case "gone":
      return undefined;
    case "unknown":
      throw stopFailed(identity, "it cannot be told whether it is live");
    case "elsewhere":
      throw sessionElsewhere(identity, state.elsewhere);
    case "damaged":
      if (state.found === undefined) throw sessionDamaged(identity, state);
      refuseOtherIncarnation(state.found, expected);
      return state.found;
    case "other": {
      const named = expected === undefined ? undefined : await findByStamp({ identity, incarnation: expected }, host);
      if (named === undefined) throw staleIncarnation(identity, state.pid);
      return named;
    }
    case "ours":
    case "unreachable":
    case "hung":
      refuseOtherIncarnation(state.incarnation, expected);
      return state.incarnation;
  }
}

/**
 * The teardown, step by step: claim, recorder, server (or the session on a shared server), processes, files. The identity's lock must be
 * held. A process that is killed at any step leaves a claim that tells what was wanted.
 *
 * @throws IapeerError `stop-failed`: some process of the session is left.
 */
export async function endSession(
  incarnation: Running,
  { reason, onClaimed, isMarked = false }: Ending,
  host: Host,
): Promise<void> {
  const { identity, server } = incarnation;
  const paths = incarnationPaths(host.layout, identity, incarnation.incarnation);
  const hadFolder = existsSync(paths.folder);
  const processes = await findAllProcesses(incarnation, host);
  writeClaim(paths, reason, host.now());
  await onClaimed?.();
  await dismissRecorder(incarnation, host);
  const isClosed = incarnation.shared ? await closeSession(incarnation, host.tmux) : await endServer(incarnation, host.tmux);
  // The processes of a session that could not be closed got no hang-up.
  const left = await terminate(processes, { ...PATIENCE, patienceMs: isClosed ? PROCESSES_MS : 0 });
  if (left.length > 0) throw stopFailed(identity, `these of its processes do not end: ${left.map(({ pid }) => pid).join(", ")}`);
  logDecision(host, { ev: "stop", identity, server_pid: server.pid, reason });
  const mark = { path: stopMarkPath(host.layout, identity), text: renderStopMark(host.now()) };
  const isMarkMade = !isMarked || writeReserved(paths.stopMarkRoom, mark.path, mark.text);
  if (!incarnation.shared) removeDeadSocket(incarnation.socket);
  rmSync(pointerPath(host.layout, identity), { force: true });
  // A recorder that could not be ended decides by the claim, which it looks for after its grace.
  const isDecided = await until(() => !hasRecorder(paths), { timeoutMs: graceFrom(host.env) + KILLED_MS });
  // A server that did not answer and goes on may run the hook later, which looks for the claim too.
  // So may a recorder whose files were taken away: then the claim stays, and the next look takes it away.
  if (isDecided && isClosed && hadFolder) forgetIncarnation(host.layout, incarnation);
  if (!isMarkMade) writeAtomically(mark.path, mark.text);
}

/** The text of a stop mark: when an identity was stopped on purpose. */
function renderStopMark(now: Date): string {
  return `${now.toISOString()}\n`;
}

async function endServer(incarnation: Running, tmux: Tmux): Promise<true> {
  const { identity, server } = incarnation;
  // Only the very server that was claimed may end: another may have taken its socket since.
  const isOurs = renderIsOurs(incarnation.incarnation);
  const isAsked =
    answers(incarnation) &&
    (await tmux.call(incarnation.socket, ["if-shell", "-F", isOurs, "kill-server"], { timeoutMs: ORDERLY_MS })).ok;
  // A server whose socket is gone, or is another server's, cannot be asked.
  if (!isAsked) signalProcess(server, "SIGTERM");
  if (!(await areGoneWithin([server], ORDERLY_MS))) signalProcess(server, "SIGKILL");
  if (!(await areGoneWithin([server], KILLED_MS))) throw stopFailed(identity, `its server (pid ${server.pid}) does not end`);
  return true;
}

/** Waits for recorders that are about to record an end: they need the files that a removal takes away. */
async function waitForRecorders(identity: string, { layout, env }: Host, signal: AbortSignal | undefined): Promise<void> {
  const uuids = listIncarnations(layout).get(identity) ?? [];
  const isAtIt = () => uuids.some((uuid) => hasRecorder(incarnationPaths(layout, identity, uuid)));
  await until(() => !isAtIt(), { timeoutMs: graceFrom(env) + KILLED_MS, signal });
}

/** Removes the file of a dead socket, which a server leaves when it ends. */
function removeDeadSocket(socket: string): void {
  if (probeSocket(socket).liveness === "dead") rmSync(socket, { force: true });
}

/** The processes in the agent's pane as it was launched, and as it is now: a person may have respawned it. */
async function findAllProcesses(incarnation: Running, { layout, tmux }: Host): Promise<ProcessInfo[]> {
  const now = answers(incarnation) ? ((await readAgentPane(incarnation, tmux)) ?? null) : null;
  // The teardown does not end itself, even below an agent that adopts orphans.
  const table = listProcesses().filter(({ pid }) => pid !== process.pid);
  return [
    ...new Set([
      ...findAgentProcesses(incarnation, table, layout),
      ...findAgentProcesses({ ...incarnation, pane: now }, table, layout),
    ]),
  ];
}

/**
 * Ends agents that outlived their sessions, because a program may ignore that its terminal is gone, and the rest of a session that a stop
 * left on a shared server that did not answer. A launch beside them would give one identity two agents.
 */
export async function endLostAgents(identity: string, host: Host): Promise<void> {
  const { layout, tmux } = host;
  for (const uuid of listIncarnations(layout).get(identity) ?? []) {
    const saved = readIncarnation(layout, identity, uuid);
    if (saved?.shared && isToBeEnded(incarnationPaths(layout, identity, uuid)) && !isAgentRunning(saved))
      await closeSession(saved as Running, tmux);
    if (saved === undefined || !isAgentRunning(saved) || (await hasSession(saved, tmux))) continue;
    const processes = findAgentProcesses(saved, listProcesses(), layout);
    host.tell.warn(
      `an agent of ${identity} had outlived its ${saved.shared ? "session" : "server"} (pid ${saved.pane?.pid}); it is ended`,
    );
    const left = await terminate(processes, PATIENCE);
    if (left.length > 0)
      throw stopFailed(identity, `these of its processes do not end: ${left.map(({ pid }) => pid).join(", ")}`);
    logDecision(host, { ev: "stop", identity, pane_pid: saved.pane?.pid, reason: "outlived" });
  }
}

function stopFailed(identity: string, why: string): IapeerError {
  return new IapeerError("stop-failed", `${identity} could not be stopped: ${why}`, { details: { identity } });
}
