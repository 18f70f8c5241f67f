import { hasNoRoom } from "../core/disk/room.ts";
import type { Host } from "../core/host.ts";
import type { Layout } from "../core/layout.ts";
import { sharesPidNamespace } from "../core/process/pid-namespace.ts";
import type { ProcessId, ProcessInfo } from "../core/process/process-table.ts";
import { readProcess } from "../core/process/processes.ts";
import { socketPathOf } from "../core/socket-path.ts";
import type { Tmux } from "../core/tmux.ts";
import { findElsewhere, findForeignProc } from "../status/elsewhere.ts";
import {
  incarnationPaths,
  isLiving,
  isServerRunning,
  listReadable,
  readCurrent,
  readIncarnation,
  readPointer,
  saveIncarnation,
} from "../status/incarnation/incarnation.ts";
import type { Incarnation, Running } from "../status/incarnation/types.ts";
import { observeServer } from "../status/liveness/liveness.ts";
import type { ServerState } from "../status/liveness/types.ts";
import { refuseMisplaced } from "../status/state-places.ts";
import { type Damaged, findDamaged } from "./damaged.ts";
import { hasRecorder, readCanaryRecord } from "./recorder/recorder.ts";
import { hasSession, readAgentPane, readOrigin, readStamp, writePointer } from "./session/session.ts";

/** The part of the host that asks the server of an identity. */
type SessionHost = Pick<Host, "layout" | "tmux">;

/** The server of an identity, or an incarnation that may go on although its state does not read. */
export type IdentifiedServer = ServerState | Damaged;

/**
 * Tells which server stands behind an identity, and asks the server itself where the files do not say: a launch may have been killed
 * before it wrote everything down, or a file may be damaged. The server's own stamp decides. Every saved incarnation counts, not only the
 * current one. The identity's lock must be held.
 *
 * @throws IapeerError `state-untrusted`: something else than a file stands where the files about the identity belong.
 */
export async function identifyServer(identity: string, host: SessionHost): Promise<IdentifiedServer> {
  const { layout } = host;
  refuseMisplaced(layout, identity);
  const away = findAway(layout, identity);
  if (away !== undefined) return away;
  restorePointer(layout, identity);
  const state = await identifyCurrent(identity, host);
  const damaged = state.kind === "gone" || state.kind === "other" ? await findDamaged(identity, host) : [];
  return damaged[0] ?? state;
}

/** The saved incarnation of an identity that can only be told from another place; undefined where there is none. */
export function findAway(layout: Layout, identity: string): Extract<ServerState, { readonly kind: "elsewhere" }> | undefined {
  const foreign = findForeignProc();
  if (foreign !== undefined) return { kind: "elsewhere", incarnation: readCurrent(layout, identity), elsewhere: foreign };
  for (const incarnation of listReadable(layout, identity)) {
    const elsewhere = findElsewhere(layout, incarnation);
    if (elsewhere !== undefined) return { kind: "elsewhere", incarnation, elsewhere };
  }
  return undefined;
}

/** Names the one living incarnation again where the file that names the current one is missing or damaged. */
function restorePointer(layout: Layout, identity: string): void {
  if (readCurrent(layout, identity) !== undefined) return;
  const [living, ...others] = listReadable(layout, identity).filter((one) => isLiving(layout, one));
  if (living !== undefined && others.length === 0) writePointer(layout, living);
}

async function identifyCurrent(identity: string, host: SessionHost): Promise<ServerState> {
  const { layout, tmux } = host;
  const state = observeServer(layout, identity);
  if (state.kind === "elsewhere") return state;
  if (state.kind !== "unknown" && state.incarnation?.shared) return await identifySession(state, host);
  if (state.kind === "ours" && state.incarnation.pane === null)
    return { kind: "ours", incarnation: keep(await withPane(state.incarnation, tmux), layout) };
  if (state.kind !== "other") return state;
  const server = sharesPidNamespace(state.pid) ? readProcess(state.pid) : undefined;
  const current = await recogniseServer(server, identity, host);
  return server === undefined || current === undefined
    ? state
    : { kind: "ours", incarnation: keep(await withPane({ ...current, server: idOf(server) }, tmux), layout) };
}

/** The same on a shared server, which goes on without the session, as a session may go on without its agent's process. */
async function identifySession(
  state: Exclude<ServerState, { readonly kind: "unknown" | "elsewhere" }>,
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
      ...readOrigin(),
      server: null,
      pane: null,
    }
  );
}

async function withPane(incarnation: Running, tmux: Tmux): Promise<Running> {
  return { ...incarnation, pane: (await readAgentPane(incarnation, tmux)) ?? incarnation.pane };
}

/** Keeps the answer of a server. A full disk is no reason to fail: the next call asks again. */
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
