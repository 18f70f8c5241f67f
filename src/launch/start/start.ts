import { existsSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { IapeerError, knownError } from "../../model/errors.ts";
import { makeFolder } from "../../core/disk/files.ts";
import { withLock } from "../../core/disk/lock.ts";
import { callOf, identityOf } from "../../model/names.ts";
import type { ProcessId } from "../../core/process/process-table.ts";
import { isRunning } from "../../core/process/processes.ts";
import { signalProcess } from "../../core/process/signals.ts";
import { refuseLongPath, type Tmux } from "../../core/tmux.ts";
import type { AgentPane, Incarnation, Running } from "../../status/incarnation/types.ts";
import { identityLockPath, isAgentRunning, saveIncarnation, stopMarkPath } from "../../status/incarnation/incarnation.ts";
import { findOtherMount } from "../../status/elsewhere.ts";
import { answers } from "../../status/liveness/liveness.ts";
import type { Witness } from "../recorder/types.ts";
import { armCanary } from "../canary/canary.ts";
import { explainEarlyEnd } from "./early-end.ts";
import { identifyServer } from "../identify.ts";
import { sessionDamaged, sessionElsewhere } from "../refusals.ts";
import { mintIncarnation, readAgentPane } from "../session/session.ts";
import { type Host, logDecision } from "../../core/host.ts";
import { until } from "../../core/process/poll.ts";
import { prepareCommand } from "./command.ts";
import { accountEnvironment, renderEnvironment } from "./environment.ts";
import type { Launched, LaunchPlan } from "./types.ts";
import { startServer } from "./server.ts";
import { startSession } from "./session-start.ts";
import { recordLostAgent, settleIncarnations } from "../unwitnessed.ts";
import { renderIsAgentPane, renderIsOurs } from "../stamp.ts";
import { endHalf } from "./half.ts";
import { endLostAgents, endSession } from "../end/end.ts";
import { mintToken } from "../token.ts";
import { tidyLogs } from "../tidy-logs.ts";
import { socketPathOf } from "../../core/socket-path.ts";

/** How long the agent's process must live to count as ready. */
const READY_MS = 1000;
const POLL_MS = 10;
const RESTORE_MS = 2000;

/**
 * Launches one identity: a session of its own, on a server of its own or on a shared one, watched from its first moment. One of two
 * launches at once does the work.
 *
 * @param signal ends the wait for another process that is at work on the identity, and the wait for the agent's first second. A session
 *   that has begun is finished: it is there and watched when this returns.
 * @throws IapeerError `launch-failed`: the process ended within its first second, or never started; `stale-incarnation`: that server has
 *   another session of the same name; `session-elsewhere`, `session-damaged`: it may be live already; `folder-not-found`, `lock-busy`, `interrupted`; what findProgram and `confirm` throw.
 */
export async function launchIdentity(plan: LaunchPlan, host: Host, signal?: AbortSignal): Promise<Launched> {
  const { layout, lockTimeoutMs } = host;
  const identity = identityOf(plan.runtime, plan.personality);
  refuseLongPath(plan.socket ?? socketPathOf(layout, identity));
  makeFolder(layout.stateFolder);
  return await withLock(identityLockPath(layout, identity), { timeoutMs: lockTimeoutMs, signal }, async () => {
    const live = await findLive(identity, host);
    if (live !== undefined) return live;
    plan.confirm?.();
    const isStopped = existsSync(stopMarkPath(layout, identity));
    if (isStopped && plan.unlessStopped)
      return { action: "left-stopped", incarnation: undefined, witness: null, wasStopped: false };
    refuseMissingFolder(plan);
    await endLostAgents(identity, host);
    const settlings = await settleIncarnations(identity, host);
    if (settlings.includes("failed")) host.tell.warn(`the end of an earlier session of ${identity} could not be recorded yet`);
    tidyLogs(host);
    return { ...(await launchWhole(plan, host, signal)), wasStopped: isStopped };
  });
}

/** The session that is there already. The half of a session that a killed launch left is ended first. */
async function findLive(identity: string, host: Host): Promise<Launched | undefined> {
  const state = await identifyServer(identity, host);
  switch (state.kind) {
    case "gone":
      return undefined;
    case "unknown":
      throw new IapeerError("launch-failed", `it cannot be told whether ${identity} is live already`, {
        hint: "see: iapeer doctor",
        details: { identity },
      });
    case "elsewhere":
      throw sessionElsewhere(identity, state.elsewhere);
    case "damaged":
      throw sessionDamaged(identity, state);
    case "unreachable":
      if (state.elsewhere !== undefined) throw sessionElsewhere(identity, state.elsewhere);
      await restoreSocket(state.incarnation);
      return { action: "already-live", incarnation: state.incarnation, witness: null, wasStopped: false };
    case "other":
      host.tell.warn(
        `the server that answers for ${identity} (pid ${state.pid}) was not launched from this root; see: iapeer doctor`,
      );
      return { action: "already-live", incarnation: undefined, witness: null, wasStopped: false };
    case "hung":
      throw new IapeerError(
        "launch-failed",
        `${identity} runs already (server pid ${state.incarnation.server.pid}), and does not answer`,
        {
          hint: `to end it: iapeer stop ${callOf(identity)}`,
          details: { identity, server_pid: state.incarnation.server.pid },
        },
      );
    case "ours":
      if (await isInUse(state.incarnation, host))
        return { action: "already-live", incarnation: state.incarnation, witness: null, wasStopped: false };
      await endSession(state.incarnation, { reason: "launch-failed" }, host);
      return undefined;
  }
}

/** Tells whether a server has a session that goes on: its agent, or any pane that lives on a server that was adopted. */
async function isInUse(incarnation: Running, host: Host): Promise<boolean> {
  const { identity, pane, incarnation: uuid } = incarnation;
  const asked = async (...args: readonly string[]) => await ask(incarnation, args, host.tmux);
  if (pane !== null && isAgentRunning(incarnation)) return true;
  // A server without a session has no panes to list, and calls that a failure.
  if ((await asked("list-sessions", "-F", "#{session_id}")) === "") return false;
  const ours = incarnation.shared ? ["-f", `#{||:${renderIsAgentPane(uuid)},${renderIsOurs(uuid)}}`] : [];
  const isAlive = (await asked("list-panes", "-a", ...ours, "-F", "#{pane_dead}")).split("\n").includes("0");
  // On a shared server no other session is taken for its own: this is half of a launch that was killed.
  if (pane === null) return isAlive && !incarnation.shared;
  // A person may have respawned the pane. An agent that is gone is recorded before its server goes.
  if (!(await recordLostAgent(incarnation, host)) && (await readAgentPane(incarnation, host.tmux))) return true;
  if (!isAlive) return false;
  throw new IapeerError(
    "launch-failed",
    `the agent of ${identity} is gone, but windows that a person opened beside it are still there`,
    {
      hint: `close them, or end it all: iapeer stop ${callOf(identity)}`,
      details: { identity },
    },
  );
}

/** The answer of a server to one question. Throws `launch-failed` when it does not answer. */
async function ask({ identity, socket }: Incarnation, args: readonly string[], tmux: Tmux): Promise<string> {
  const answer = await tmux.call(socket, args);
  if (answer.ok) return answer.stdout.trim();
  throw new IapeerError("launch-failed", `the server of ${identity} does not tell what it has: ${answer.why}`, {
    hint: "see: iapeer doctor",
    details: { identity },
  });
}

/** Has a server make its deleted socket anew (tmux(1), SIGUSR1). The socket's folder may be gone too. */
async function restoreSocket(incarnation: Running): Promise<void> {
  const { socket, identity, server } = incarnation;
  makeFolder(dirname(socket));
  const elsewhere = findOtherMount(incarnation);
  if (elsewhere !== undefined) throw sessionElsewhere(identity, elsewhere);
  signalProcess(server, "SIGUSR1");
  if (await until(() => answers(incarnation), { timeoutMs: RESTORE_MS })) return;
  throw new IapeerError("launch-failed", `${identity} runs already (server pid ${server.pid}), but its socket is gone`, {
    hint: `stop it first: iapeer stop ${callOf(identity)}`,
    details: { identity, server_pid: server.pid, socket },
  });
}

function refuseMissingFolder({ cwd, personality }: LaunchPlan): void {
  if (statSync(cwd, { throwIfNoEntry: false })?.isDirectory()) return;
  throw new IapeerError("folder-not-found", `the folder of ${personality} is not there: ${cwd}`, { details: { path: cwd } });
}

/** The failures that say how a session ended, or that nothing was begun. After any other one half of a session may be there. */
const WITHOUT_REST: ReadonlySet<string> = new Set(["launch-failed", "stale-incarnation"]);

/** Launches, or leaves nothing that runs: a disk or the descriptors may run out half-way. */
async function launchWhole(plan: LaunchPlan, host: Host, signal: AbortSignal | undefined): Promise<Omit<Launched, "wasStopped">> {
  try {
    return await launchFresh(plan, host, signal);
  } catch (error) {
    if (!WITHOUT_REST.has(knownError(error)?.code ?? "")) await endHalf(identityOf(plan.runtime, plan.personality), host);
    throw error;
  }
}

async function launchFresh(plan: LaunchPlan, host: Host, signal: AbortSignal | undefined): Promise<Omit<Launched, "wasStopped">> {
  const { layout, now } = host;
  const account = accountEnvironment(host.env);
  const { argv, wrapper, variables, model } = prepareCommand(plan, { ...host, env: account });
  const identity = identityOf(plan.runtime, plan.personality);
  const sharedSocket = plan.socket === socketPathOf(layout, identity) ? undefined : plan.socket;
  const { token, hash } = mintToken();
  const minted = {
    ...mintIncarnation(layout, identity, { now: now(), sharedSocket, tokenHash: hash }),
    ...(model !== undefined && { model }),
  };
  rmSync(stopMarkPath(layout, identity), { force: true });
  const environment = renderEnvironment(plan, variables, account);
  const { server, witness: parent, keeper } = await startServer(minted, { environment, account }, host);
  const started = { ...minted, server };
  saveIncarnation(layout, started);
  const pane = await kept(
    async () => await startSession(started, { argv: [...wrapper, ...argv], cwd: plan.cwd, environment, token }, host),
    async () => keeper !== undefined && (await host.tmux.call(started.socket, ["kill-session", "-t", `=${keeper}`])),
  );
  const launched = { ...started, pane: pane ?? null };
  saveIncarnation(layout, launched);
  const witness = parent ?? (pane === undefined ? null : await watchLate(launched, host));
  if (pane === undefined || (await hasEnded(pane, signal))) throw await explainEarlyEnd(launched, { argv, signal }, host);
  logDecision(host, {
    ev: "launch",
    identity,
    server_pid: server.pid,
    pane_pid: pane.pid,
    incarnation: launched.incarnation,
  });
  return { action: "launched", incarnation: launched, witness };
}

/** Does the work that gives a server its session, and then ends the session that kept the server meanwhile. */
async function kept<T>(work: () => Promise<T>, endKeeper: () => Promise<unknown>): Promise<T> {
  try {
    return await work();
  } finally {
    await endKeeper();
  }
}

/** Gives a recorder that waits outside to a server that was not started below one. */
async function watchLate(incarnation: Incarnation & { readonly server: ProcessId }, host: Host): Promise<Witness | null> {
  const arming = await armCanary(incarnation, "launch", host);
  if (arming.outcome !== "failed") return "client";
  host.tell.warn(`${incarnation.identity} runs without a canary: ${arming.why}`);
  return null;
}

/** Tells whether the agent's process ends before it counts as ready. */
async function hasEnded(pane: AgentPane, signal: AbortSignal | undefined): Promise<boolean> {
  return await until(() => !isRunning(pane), { timeoutMs: READY_MS, everyMs: POLL_MS, signal });
}
