import { readBootId } from "../../core/process/boot-id.ts";
import { type Layout, socketPathOf } from "../../core/layout.ts";
import type { ProcessId, ProcessInfo } from "../../core/process/process-table.ts";
import { readProcess } from "../../core/process/processes.ts";
import { callTmux } from "../../core/tmux.ts";
import {
  incarnationPaths,
  isServerRunning,
  readIncarnation,
  readPointer,
  saveIncarnation,
} from "../../status/incarnation/incarnation.ts";
import type { AgentPane, Incarnation, Running } from "../../status/incarnation/types.ts";
import { answers, observeServer } from "../../status/liveness/liveness.ts";
import type { ServerState } from "../../status/liveness/types.ts";
import { hasRecorder, readCanaryRecord } from "./recorder.ts";
import { INCARNATION_OPTION, renderIsAgentPane, renderIsOurs } from "./stamp.ts";

/** The stamp of the server on a socket: its incarnation, empty for a server that has none; undefined when it does not answer. */
export async function readStamp(socket: string): Promise<string | undefined> {
  const answer = await callTmux(socket, ["display-message", "-p", `#{${INCARNATION_OPTION}}`]);
  return answer.ok ? answer.stdout.trim() : undefined;
}

/** The agent's own pane on a server, whose process lives; null when there is none, undefined when the server does not answer. */
export async function readAgentPane({ socket, incarnation }: Incarnation): Promise<AgentPane | null | undefined> {
  const answer = await callTmux(socket, [
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
 * Whether there still is something of an incarnation: its server, or on one that others use too a session or a pane. Of a server that does
 * not tell it is believed.
 */
export async function hasSession(incarnation: Incarnation): Promise<boolean> {
  if (!isServerRunning(incarnation)) return false;
  if (!incarnation.shared) return true;
  const { socket, incarnation: uuid } = incarnation;
  // Without any session there are no panes to list, which tmux takes for a failure.
  const sessions = await callTmux(socket, ["list-sessions", "-F", "#{session_id}"]);
  if (!sessions.ok || !answers(incarnation)) return true;
  if (sessions.stdout === "") return false;
  const panes = await callTmux(socket, [
    "list-panes",
    "-a",
    "-f",
    `#{||:${renderIsAgentPane(uuid)},${renderIsOurs(uuid)}}`,
    "-F",
    "#{pane_id}",
  ]);
  return !panes.ok || panes.stdout !== "";
}

/**
 * What stands behind an identity, where need be with a question to the server: whoever launched it may have been killed before all of it
 * was written down, or what was written is damaged. The server's own stamp tells. The identity's lock must be held.
 */
export async function identifyServer(layout: Layout, identity: string): Promise<ServerState> {
  const state = observeServer(layout, identity);
  if (state.kind !== "unknown" && state.incarnation?.shared) return await identifySession(state, layout);
  if (state.kind === "ours" && state.incarnation.pane === null)
    return { kind: "ours", incarnation: keep(await withPane(state.incarnation), layout) };
  if (state.kind !== "other") return state;
  const server = readProcess(state.pid);
  const current = await recogniseServer(server, identity, layout);
  return server === undefined || current === undefined
    ? state
    : { kind: "ours", incarnation: keep(await withPane({ ...current, server: idOf(server) }), layout) };
}

/** The same where others use the server too: it goes on without the session, and a session without the process that was its agent's. */
async function identifySession(state: Exclude<ServerState, { readonly kind: "unknown" }>, layout: Layout): Promise<ServerState> {
  const { kind, incarnation } = state;
  if (kind === "unreachable" || kind === "hung" || incarnation === undefined || !isServerRunning(incarnation)) return state;
  if (await hasSession(incarnation)) {
    const found = await withPane(incarnation);
    return { kind: "ours", incarnation: Bun.deepEquals(found, incarnation) ? found : keep(found, layout) };
  }
  return kind === "ours" ? { kind: "gone", incarnation } : state;
}

/** The incarnation that a server is of, which nobody has written down as its: by its stamp, or unstamped as the child of its recorder. */
async function recogniseServer(
  server: ProcessInfo | undefined,
  identity: string,
  layout: Layout,
): Promise<Incarnation | undefined> {
  const uuid = readPointer(layout, identity);
  if (server === undefined || uuid === undefined) return undefined;
  const saved = readIncarnation(layout, identity, uuid);
  if (saved !== undefined && saved.server !== null) return undefined;
  const paths = incarnationPaths(layout, identity, uuid);
  const socket = socketPathOf(layout, identity);
  const isChild = saved !== undefined && hasRecorder(paths) && readCanaryRecord(paths)?.recorder.pid === server.ppid;
  if (!isChild && (await readStamp(socket)) !== uuid) return undefined;
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

async function withPane(incarnation: Running): Promise<Running> {
  return { ...incarnation, pane: (await readAgentPane(incarnation)) ?? incarnation.pane };
}

function keep(incarnation: Running, layout: Layout): Running {
  saveIncarnation(layout, incarnation);
  return incarnation;
}

function idOf({ pid, start }: ProcessId): ProcessId {
  return { pid, start };
}
