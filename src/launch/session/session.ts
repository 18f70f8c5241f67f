import { rmSync } from "node:fs";
import { writeAtomically } from "../../core/disk/atomic-write.ts";
import { reserveRoom } from "../../core/disk/reserve.ts";
import { hasNoRoom } from "../../core/disk/room.ts";
import { type Layout } from "../../core/layout.ts";
import { readBootId } from "../../core/process/boot-id.ts";
import type { ProcessId, ProcessInfo } from "../../core/process/process-table.ts";
import { readProcess } from "../../core/process/processes.ts";
import type { Tmux } from "../../core/tmux.ts";
import type { Host } from "../../core/host.ts";
import { IapeerError, ioError } from "../../model/errors.ts";
import { callOf, parseIdentity } from "../../model/names.ts";
import type { AgentPane, Incarnation, Running } from "../../status/incarnation/types.ts";
import {
  incarnationPaths,
  isServerRunning,
  pointerPath,
  readIncarnation,
  readPointer,
  saveIncarnation,
} from "../../status/incarnation/incarnation.ts";
import { refuseMisplaced } from "../../status/state-places.ts";
import { answers, observeServer } from "../../status/liveness/liveness.ts";
import type { ServerState } from "../../status/liveness/types.ts";
import { hasRecorder, readCanaryRecord } from "../recorder/recorder.ts";
import { INCARNATION_OPTION, renderIsAgentPane, renderIsOurs } from "../stamp.ts";
import { socketPathOf } from "../../core/socket-path.ts";

interface MintOptions {
  readonly now: Date;
  /** The socket of a shared server. Left out: the identity gets a server of its own. */
  readonly sharedSocket?: string | undefined;
  /** The hash of the token that the agent gets. */
  readonly tokenHash?: string;
}

/**
 * Makes a new incarnation of an identity: saved, and made its current one, before anything of it runs. The room for its end on purpose is
 * reserved.
 *
 * @throws IapeerError `write-failed`.
 */
export function mintIncarnation(layout: Layout, identity: string, { now, sharedSocket, tokenHash }: MintOptions): Incarnation {
  const fresh: Incarnation = {
    version: 1,
    incarnation: crypto.randomUUID(),
    identity,
    ...(sharedSocket === undefined ? { socket: socketPathOf(layout, identity) } : { socket: sharedSocket, shared: true }),
    launched_at: now.toISOString(),
    boot_id: readBootId(),
    server: null,
    pane: null,
    ...(tokenHash !== undefined && { token_hash: tokenHash }),
  };
  saveIncarnation(layout, fresh);
  const { claimRoom, stopMarkRoom } = incarnationPaths(layout, identity, fresh.incarnation);
  reserveRoom(claimRoom);
  reserveRoom(stopMarkRoom);
  writeAtomically(pointerPath(layout, identity), `${fresh.incarnation}\n`);
  return fresh;
}

/** Removes the files of an incarnation whose end is settled. Throws IapeerError `write-failed`. */
export function forgetIncarnation(
  layout: Layout,
  { identity, incarnation }: Pick<Incarnation, "identity" | "incarnation">,
): void {
  const { folder } = incarnationPaths(layout, identity, incarnation);
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch (error) {
    throw ioError("write-failed", "cannot take away", folder, error);
  }
}

/** The stamp of the server on a socket: an incarnation, or empty for a server without one; undefined when the server does not answer. */
export async function readStamp(socket: string, tmux: Tmux): Promise<string | undefined> {
  const answer = await tmux.call(socket, ["display-message", "-p", `#{${INCARNATION_OPTION}}`]);
  return answer.ok ? answer.stdout.trim() : undefined;
}

/** The agent's own pane, whose process lives; null when there is no such pane, undefined when the server does not answer. */
export async function readAgentPane({ socket, incarnation }: Incarnation, tmux: Tmux): Promise<AgentPane | null | undefined> {
  const answer = await tmux.call(socket, [
    "list-panes",
    "-a",
    "-f",
    renderIsAgentPane(incarnation),
    "-F",
    "#{pane_id} #{pane_pid}",
  ]);
  if (!answer.ok) return undefined;
  const [id, pid] = answer.stdout.split("\n")[0]!.split(" ");
  const found = readProcess(Number(pid));
  return !id || found === undefined || found.isZombie ? null : { id, pid: found.pid, start: found.start };
}

/**
 * Tells whether anything is left of an incarnation: its server, or a session or a pane of it on a shared server. When a shared server does not
 * tell, something is assumed to be left.
 */
export async function hasSession(incarnation: Incarnation, tmux: Tmux): Promise<boolean> {
  if (!isServerRunning(incarnation)) return false;
  if (!incarnation.shared) return true;
  const { socket, incarnation: uuid } = incarnation;
  // Without a session there are no panes to list, and tmux calls that a failure.
  const sessions = await tmux.call(socket, ["list-sessions", "-F", "#{session_id}"]);
  if (!sessions.ok || !answers(incarnation)) return true;
  if (sessions.stdout === "") return false;
  const panes = await tmux.call(socket, [
    "list-panes",
    "-a",
    "-f",
    `#{||:${renderIsAgentPane(uuid)},${renderIsOurs(uuid)}}`,
    "-F",
    "#{pane_id}",
  ]);
  return !panes.ok || panes.stdout !== "";
}

/** The part of the host that asks the server of an identity. */
type SessionHost = Pick<Host, "layout" | "tmux">;

/**
 * Tells which server stands behind an identity, and asks the server itself where the files do not say: a launch may have been killed
 * before it wrote everything down, or a file may be damaged. The server's own stamp decides. The identity's lock must be held.
 *
 * @throws IapeerError `state-untrusted`: something else than a file stands where the files about the identity belong.
 */
export async function identifyServer(identity: string, host: SessionHost): Promise<ServerState> {
  const { layout, tmux } = host;
  refuseMisplaced(layout, identity);
  const state = observeServer(layout, identity);
  if (state.kind !== "unknown" && state.incarnation?.shared) return await identifySession(state, host);
  if (state.kind === "ours" && state.incarnation.pane === null)
    return { kind: "ours", incarnation: keep(await withPane(state.incarnation, tmux), layout) };
  if (state.kind !== "other") return state;
  const server = readProcess(state.pid);
  const current = await recogniseServer(server, identity, host);
  return server === undefined || current === undefined
    ? state
    : { kind: "ours", incarnation: keep(await withPane({ ...current, server: idOf(server) }, tmux), layout) };
}

/** The same on a shared server, which goes on without the session, as a session may go on without its agent's process. */
async function identifySession(
  state: Exclude<ServerState, { readonly kind: "unknown" }>,
  { layout, tmux }: SessionHost,
): Promise<ServerState> {
  const { kind, incarnation } = state;
  if (kind === "unreachable" || kind === "hung" || incarnation === undefined || !isServerRunning(incarnation)) return state;
  if (await hasSession(incarnation, tmux)) {
    const found = await withPane(incarnation, tmux);
    return { kind: "ours", incarnation: Bun.deepEquals(found, incarnation) ? found : keep(found, layout) };
  }
  return kind === "ours" ? { kind: "gone", incarnation } : state;
}

/** The incarnation of a server that no file names: known by the stamp, or for an unstamped server by the recorder that is its parent. */
async function recogniseServer(
  server: ProcessInfo | undefined,
  identity: string,
  { layout, tmux }: SessionHost,
): Promise<Incarnation | undefined> {
  const uuid = readPointer(layout, identity);
  if (server === undefined || uuid === undefined) return undefined;
  const saved = readIncarnation(layout, identity, uuid);
  if (saved !== undefined && saved.server !== null) return undefined;
  const paths = incarnationPaths(layout, identity, uuid);
  const socket = socketPathOf(layout, identity);
  const isChild = saved !== undefined && hasRecorder(paths) && readCanaryRecord(paths)?.recorder.pid === server.ppid;
  if (!isChild && (await readStamp(socket, tmux)) !== uuid) return undefined;
  return (
    saved ?? {
      version: 1,
      incarnation: uuid,
      identity,
      socket,
      launched_at: new Date().toISOString(),
      boot_id: readBootId(),
      server: null,
      pane: null,
    }
  );
}

async function withPane(incarnation: Running, tmux: Tmux): Promise<Running> {
  return { ...incarnation, pane: (await readAgentPane(incarnation, tmux)) ?? incarnation.pane };
}

/** What a server told is worth keeping, and no reason to fail: on a full disk the next call asks again. */
function keep(incarnation: Running, layout: Layout): Running {
  try {
    saveIncarnation(layout, incarnation);
  } catch (error) {
    if (!hasNoRoom(error)) throw error;
  }
  return incarnation;
}

function idOf({ pid, start }: ProcessId): ProcessId {
  return { pid, start };
}

/** The refusal for an identity that is not live, or that may not be live. */
export function notLive(identity: string, { kind }: { readonly kind: ServerState["kind"] }): IapeerError {
  const launch = `iapeer launch ${callOf(identity)}`;
  const refuse = (message: string, hint: string) => new IapeerError("peer-not-live", message, { hint, details: { identity } });
  if (kind === "gone") return refuse(`${identity} is not live`, `to start it: ${launch}`);
  if (kind === "unreachable") return refuse(`${identity} runs, but its socket is gone`, `to have the socket back: ${launch}`);
  return refuse(`it cannot be told whether ${identity} is live`, "see: iapeer doctor");
}

/**
 * Refuses an incarnation that is not the one that a caller means; undefined means any.
 *
 * @throws IapeerError `stale-incarnation`.
 */
export function refuseOtherIncarnation(
  { identity, incarnation }: Pick<Incarnation, "identity" | "incarnation">,
  expected: string | undefined,
): void {
  if (expected === undefined || expected === incarnation) return;
  throw new IapeerError("stale-incarnation", `${identity} is another incarnation now: ${incarnation}, not ${expected}`, {
    hint: `look at the one that is there: iapeer show ${parseIdentity(identity)!.personality}`,
    details: { identity, incarnation, expected },
  });
}

/** The refusal for a server that answers for an identity and is in no saved incarnation. */
export function staleIncarnation(identity: string, pid: number): IapeerError {
  return new IapeerError(
    "stale-incarnation",
    `the server that answers for ${identity} (pid ${pid}) was not launched from this root; nothing was done to it`,
    { hint: "see what it is: iapeer canary status", details: { identity, server_pid: pid } },
  );
}
