import { rmSync } from "node:fs";
import { join } from "node:path";
import { writeAtomically } from "../core/atomic-write.ts";
import { IapeerError } from "../core/errors.ts";
import { makeFolder } from "../core/files.ts";
import { withLock } from "../core/lock.ts";
import type { ProcessId, ProcessInfo } from "../core/process-table.ts";
import { isRunning, listProcesses } from "../core/processes.ts";
import { withDescendants } from "../core/process-tree.ts";
import { signalProcess } from "../core/signals.ts";
import { callTmux } from "../core/tmux.ts";
import { probeSocket } from "../status/liveness.ts";
import { identityLockPath, type Incarnation, incarnationPaths, pointerPath } from "../status/incarnation.ts";
import { dismissRecorder } from "./canary/canary.ts";
import { hasRecorder } from "./canary/record.ts";
import { graceFrom } from "./canary/script.ts";
import { type ClaimReason, writeClaim } from "./canary/claim.ts";
import { identifyServer } from "./identify.ts";
import { forgetIncarnation } from "./incarnation-store.ts";
import type { LaunchContext } from "./launch-context.ts";
import { INCARNATION_OPTION } from "./pane-died.ts";
import { areGoneWithin, isGoneWithin, isTrueWithin } from "./process-end.ts";
import { settleIncarnations } from "./settle.ts";

/** How long a server may take to end by itself, how long what ran in it may, and how long a killed process. */
const ORDERLY_MS = 5000;
const PROCESSES_MS = 5000;
const TERMINATE_MS = 2000;
const KILLED_MS = 2000;

type Running = Incarnation & { readonly server: ProcessId };

export interface Stopped {
  readonly action: "stopped" | "not-running";
  readonly server_pid?: number;
}

/**
 * Ends the session and the server of an identity on purpose: claimed first, so that nobody takes the end for a death. Returns when
 * every process of it is gone.
 *
 * @throws IapeerError `stale-incarnation` when somebody answers there who was not launched here; `stop-failed`.
 */
export async function stopIdentity(identity: string, by: "stop" | "remove", context: LaunchContext): Promise<Stopped> {
  const { layout, lockTimeoutMs } = context;
  makeFolder(layout.stateFolder);
  return await withLock(identityLockPath(layout, identity), { timeoutMs: lockTimeoutMs }, async () => {
    const state = await identifyServer(layout, identity);
    if (state.kind === "unknown") throw stopFailed(identity, "whether it is live cannot be told");
    if (state.kind === "other") throw staleIncarnation(identity, state.pid);
    if (state.kind === "gone") await settleIncarnations(identity, context);
    else await endServer(state.incarnation, by, context);
    if (by === "stop") writeAtomically(join(layout.stateFolder, `${identity}.stopped`), `${context.now().toISOString()}\n`);
    return state.kind === "gone" ? { action: "not-running" } : { action: "stopped", server_pid: state.incarnation.server.pid };
  });
}

/**
 * The teardown, step by step: claim, recorder, server, processes, traces. The identity's lock must be held. Killed at any instant it
 * leaves a claim that says what was wanted.
 *
 * @throws IapeerError `stop-failed` when something of it is still there afterwards.
 */
export async function endServer(incarnation: Running, by: ClaimReason, context: LaunchContext): Promise<void> {
  const { identity, server } = incarnation;
  const paths = incarnationPaths(context.layout, identity, incarnation.incarnation);
  const processes = findProcesses(incarnation, listProcesses());
  writeClaim(paths, by, context.now());
  await dismissRecorder(incarnation, context);
  // Nobody but the very server that was claimed: another may have taken its socket since.
  const isOurs = `#{==:#{${INCARNATION_OPTION}},${incarnation.incarnation}}`;
  const asked = await callTmux(incarnation.socket, ["if-shell", "-F", isOurs, "kill-server"], { timeoutMs: ORDERLY_MS });
  // A server whose socket is gone cannot be asked.
  if (!asked.ok) signalProcess(server, "SIGTERM");
  if (!(await isGoneWithin(server, ORDERLY_MS))) signalProcess(server, "SIGKILL");
  if (!(await isGoneWithin(server, KILLED_MS))) throw stopFailed(identity, `its server (pid ${server.pid}) does not end`);
  const left = await endProcesses(processes);
  if (left.length > 0) throw stopFailed(identity, `these of its processes do not end: ${left.map(({ pid }) => pid).join(", ")}`);
  context.note({ ev: "stop", identity, server_pid: server.pid, reason: by });
  if (probeSocket(incarnation.socket).liveness === "dead") rmSync(incarnation.socket, { force: true });
  // A recorder that could not be told to end decides by the claim, and looks for it after its grace.
  if (await isTrueWithin(() => !hasRecorder(paths), graceFrom(context.env) + KILLED_MS)) forgetIncarnation(context.layout, incarnation);
  rmSync(pointerPath(context.layout, identity), { force: true });
}

/** What runs in the agent's pane: its session's processes and all that descend from them. A daemon that left both is its own. */
function findProcesses({ pane }: Incarnation, table: readonly ProcessInfo[]): ProcessInfo[] {
  if (pane === null || !table.some(({ pid, start }) => pid === pane.pid && start === pane.start)) return [];
  return withDescendants(table.filter(({ pid, sid }) => pid === pane.pid || sid === pane.pid), table);
}

/** They were hung up on with the server. Who does not go is asked, then made to; the ones that are left even then. */
async function endProcesses(processes: readonly ProcessInfo[]): Promise<ProcessInfo[]> {
  if (await areGoneWithin(processes, PROCESSES_MS)) return [];
  processes.forEach((one) => signalProcess(one, "SIGTERM"));
  processes.forEach((one) => signalProcess(one, "SIGCONT"));
  if (await areGoneWithin(processes, TERMINATE_MS)) return [];
  processes.forEach((one) => signalProcess(one, "SIGKILL"));
  await areGoneWithin(processes, KILLED_MS);
  return processes.filter(isRunning);
}

function stopFailed(identity: string, why: string): IapeerError {
  return new IapeerError("stop-failed", `${identity} could not be stopped: ${why}`, { details: { identity } });
}

/** Somebody answers for an identity whom no saved incarnation knows. */
export function staleIncarnation(identity: string, pid: number): IapeerError {
  return new IapeerError("stale-incarnation", `the server that answers for ${identity} (pid ${pid}) was not launched from this root; nothing was done to it`, {
    hint: "see what it is: iapeer canary status",
    details: { identity, server_pid: pid },
  });
}
