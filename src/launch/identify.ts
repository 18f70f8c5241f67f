import type { Layout } from "../core/paths.ts";
import type { ProcessId, ProcessInfo } from "../core/process-table.ts";
import { readProcess } from "../core/processes.ts";
import { callTmux } from "../core/tmux.ts";
import { type AgentPane, type Incarnation, incarnationPaths } from "../status/incarnation.ts";
import { observeServer, type ServerState } from "../status/server-state.ts";
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
 * What stands behind an identity, with one question to a server that the saved state does not know: whoever launched it may have been
 * killed before it could be written down. Its stamp tells. The identity's lock must be held.
 */
export async function identifyServer(layout: Layout, identity: string): Promise<ServerState> {
  const state = observeServer(layout, identity);
  if (state.kind !== "other" || state.incarnation === undefined || state.incarnation.server !== null) return state;
  const server = readProcess(state.pid);
  if (server === undefined || !(await isOf(state.incarnation, server, layout))) return state;
  return { kind: "ours", incarnation: await completeIncarnation(state.incarnation, server, layout) };
}

/** It bears the stamp, or is not yet stamped and the child of the incarnation's recorder. */
async function isOf(incarnation: Incarnation, server: ProcessInfo, layout: Layout): Promise<boolean> {
  const paths = incarnationPaths(layout, incarnation.identity, incarnation.incarnation);
  if (hasRecorder(paths) && readCanaryRecord(paths)?.recorder.pid === server.ppid) return true;
  return (await readStamp(incarnation.socket)) === incarnation.incarnation;
}

async function completeIncarnation(incarnation: Incarnation, { pid, start }: ProcessId, layout: Layout): Promise<Incarnation & { server: ProcessId }> {
  const pane = (await readAgentPane(incarnation)) ?? null;
  const complete = { ...incarnation, server: { pid, start }, pane };
  saveIncarnation(layout, complete);
  return complete;
}
