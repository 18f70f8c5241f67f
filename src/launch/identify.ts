import { readBootId } from "../core/boot.ts";
import { type Layout, socketPathOf } from "../core/paths.ts";
import type { ProcessId, ProcessInfo } from "../core/process-table.ts";
import { readProcess } from "../core/processes.ts";
import { callTmux } from "../core/tmux.ts";
import { type AgentPane, type Incarnation, incarnationPaths, readIncarnation, readPointer } from "../status/incarnation.ts";
import { observeServer, type Running, type ServerState } from "../status/server-state.ts";
import { hasRecorder, readCanaryRecord } from "./canary/record.ts";
import { saveIncarnation } from "./incarnation-store.ts";
import { AGENT_PANE_OPTION, INCARNATION_OPTION } from "./pane-died.ts";

/** The stamp of the server on a socket: its incarnation, empty for a server that has none; undefined when it does not answer. */
export async function readStamp(socket: string): Promise<string | undefined> {
  const answer = await callTmux(socket, ["display-message", "-p", `#{${INCARNATION_OPTION}}`]);
  return answer.ok ? answer.stdout.trim() : undefined;
}

/** The agent's own pane on a server, whose process lives; null when there is none, undefined when the server does not answer. */
export async function readAgentPane({ socket }: Pick<Incarnation, "socket">): Promise<AgentPane | null | undefined> {
  const answer = await callTmux(socket, ["list-panes", "-a", "-F", `#{${AGENT_PANE_OPTION}} #{pane_id} #{pane_pid}`]);
  if (!answer.ok) return undefined;
  const [, id, pid] = answer.stdout.split("\n").map((line) => line.split(" ")).find(([isAgent]) => isAgent === "1") ?? [];
  const found = readProcess(Number(pid));
  return id === undefined || found === undefined || found.isZombie ? null : { id, pid: found.pid, start: found.start };
}

/**
 * What stands behind an identity, where need be with a question to the server: whoever launched it may have been killed before all of it
 * was written down, or what was written is damaged. The server's own stamp tells. The identity's lock must be held.
 */
export async function identifyServer(layout: Layout, identity: string): Promise<ServerState> {
  const state = observeServer(layout, identity);
  if (state.kind === "ours" && state.incarnation.pane === null) return { kind: "ours", incarnation: await withPane(state.incarnation, layout) };
  if (state.kind !== "other") return state;
  const server = readProcess(state.pid);
  const current = await recogniseServer(server, identity, layout);
  return server === undefined || current === undefined ? state : { kind: "ours", incarnation: await withPane({ ...current, server: idOf(server) }, layout) };
}

/** The incarnation that a server is of, which nobody has written down as its: by its stamp, or unstamped as the child of its recorder. */
async function recogniseServer(server: ProcessInfo | undefined, identity: string, layout: Layout): Promise<Incarnation | undefined> {
  const uuid = readPointer(layout, identity);
  if (server === undefined || uuid === undefined) return undefined;
  const saved = readIncarnation(layout, identity, uuid);
  if (saved !== undefined && saved.server !== null) return undefined;
  const paths = incarnationPaths(layout, identity, uuid);
  const socket = socketPathOf(layout, identity);
  const isChild = saved !== undefined && hasRecorder(paths) && readCanaryRecord(paths)?.recorder.pid === server.ppid;
  if (!isChild && (await readStamp(socket)) !== uuid) return undefined;
  return saved ?? { version: 1, incarnation: uuid, identity, socket, launched_at: new Date().toISOString(), boot_id: readBootId(), server: null, pane: null };
}

async function withPane(incarnation: Running, layout: Layout): Promise<Running> {
  const complete = { ...incarnation, pane: (await readAgentPane(incarnation)) ?? null };
  saveIncarnation(layout, complete);
  return complete;
}

function idOf({ pid, start }: ProcessId): ProcessId {
  return { pid, start };
}
