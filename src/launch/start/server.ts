import { rmSync } from "node:fs";
import { dirname } from "node:path";
import { IapeerError, refuseStarved } from "../../model/errors.ts";
import { makeFolder } from "../../core/disk/files.ts";
import { isHeld } from "../../core/disk/lock.ts";
import type { Env } from "../../core/layout.ts";
import type { ProcessId } from "../../core/process/process-table.ts";
import { poll } from "../../core/process/poll.ts";
import { isRunning, readProcess } from "../../core/process/processes.ts";
import { randomHex } from "../../core/text/random.ts";
import { OLDEST_TMUX, parseTmuxVersion, refuseInsecureFolder, refuseLongPath, type Tmux } from "../../core/tmux.ts";
import { incarnationPaths } from "../../status/incarnation/incarnation.ts";
import type { Incarnation } from "../../status/incarnation/types.ts";
import { probeSocket } from "../../status/liveness/liveness.ts";
import { endRecorder, noteArming, startRecorder } from "../recorder/recorder.ts";
import type { Witness } from "../recorder/types.ts";
import type { Host } from "../../core/host.ts";
import { scopeLauncher } from "../../core/service/scope.ts";

const START_MS = 10_000;
const POLL_MS = 2;

/** A server that has no session yet, and stays up without one. */
export interface StartedServer {
  readonly server: ProcessId;
  /** null when it has no recorder. */
  readonly witness: Witness | null;
  /** The session that keeps a shared server until it has another. The caller ends it then. */
  readonly keeper?: string;
}

interface ServerEnvironments {
  /** That of the session, which a server of its own has too. */
  readonly environment: Env;
  /** That of the account, which a new shared server gets. */
  readonly account: Env;
}

/**
 * Starts the tmux server of an incarnation, in `/`, with the environment of its session. Its recorder is its parent where one can be
 * started; else the server starts without one. For a shared socket see findSharedServer. No signal ends a start, which takes 10 s at most:
 * a server that comes up later would be known to no file.
 *
 * @throws IapeerError `tmux-missing`, `tmux-too-old`, `socket-path-too-long`, `socket-folder-insecure`, `launch-failed`.
 */
export async function startServer(
  incarnation: Incarnation,
  { environment, account }: ServerEnvironments,
  host: Host,
): Promise<StartedServer> {
  const { socket, identity } = incarnation;
  await refuseOldTmux(host.tmux);
  refuseLongPath(socket);
  makeFolder(dirname(socket));
  refuseInsecureFolder(dirname(socket));
  if (incarnation.shared) return { ...(await findSharedServer(incarnation, account, host)), witness: null };
  // systemd may refuse a scope. The server then starts without one.
  for (const launcher of [scopeLauncher(host.env, identity), []]) {
    const server = launcher === undefined ? undefined : await startBelowRecorder({ incarnation, environment, launcher }, host);
    if (server !== undefined) return { server, witness: "parent" };
  }
  const server = await startAlone(socket, environment, host.tmux);
  if (server === undefined)
    throw new IapeerError("launch-failed", `the tmux server of ${identity} does not start`, { details: { identity, socket } });
  return { server, witness: null };
}

async function refuseOldTmux(tmux: Tmux): Promise<void> {
  const text = await tmux.readVersion();
  const version = text === undefined ? undefined : parseTmuxVersion(text);
  if (version === undefined || version[0] > OLDEST_TMUX[0] || (version[0] === OLDEST_TMUX[0] && version[1] >= OLDEST_TMUX[1]))
    return;
  throw new IapeerError("tmux-too-old", `${tmux.path} is tmux ${text}; sessions need 3.2 or later`, {
    details: { path: tmux.path, version: text },
  });
}

interface Start {
  readonly incarnation: Incarnation;
  readonly environment: Env;
  readonly launcher: readonly string[];
}

async function startBelowRecorder({ incarnation, environment, launcher }: Start, host: Host): Promise<ProcessId | undefined> {
  try {
    const recorder = startRecorder({ witness: "parent", launcher, environment }, { incarnation, origin: "launch", host });
    if (recorder === undefined) return undefined;
    const server = await findListener(incarnation.socket, () => isRunning(recorder));
    if (server === undefined) await endRecorder(recorder);
    else noteArming(server, recorder, { incarnation, witness: "parent", origin: "launch", host });
    return server;
  } catch (error) {
    refuseStarved(error);
    host.tell.warn(`no recorder could be started: ${(error as Error).message}`);
    return undefined;
  } finally {
    forgetFreeLock(incarnation, host);
  }
}

/** A launcher may hand no descriptors on. A lock that its server does not hold would prove that the server has ended. */
function forgetFreeLock({ identity, incarnation }: Incarnation, { layout }: Pick<Host, "layout">): void {
  const { serverLock } = incarnationPaths(layout, identity, incarnation);
  if (!isHeld(serverLock)) rmSync(serverLock, { force: true });
}

async function startAlone(socket: string, environment: Env, tmux: Tmux): Promise<ProcessId | undefined> {
  const argv = [tmux.path, "-f", "/dev/null", "-S", socket, "start-server", ";", "set-option", "-s", "exit-empty", "off"];
  const child = Bun.spawn(argv, {
    cwd: "/",
    env: { ...environment },
    stdio: ["ignore", "ignore", "ignore"],
    timeout: START_MS,
  });
  await child.exited;
  return await findListener(socket, () => false);
}

/**
 * The server on a shared socket, as it is, or else a new one. A new server starts in `/`, with the account's environment and nothing of
 * a peer's, because others will start their sessions from it. It reads no configuration, so that agents run on the same server whoever
 * comes first. A person who wants their configuration starts the server before. It ends with its last session.
 *
 * No option keeps the server until then, but a session of a few seconds. Two launches at once each have their own.
 */
async function findSharedServer(
  { socket, identity }: Incarnation,
  account: Env,
  { env, tmux }: Host,
): Promise<Pick<StartedServer, "server" | "keeper">> {
  const { liveness } = probeSocket(socket);
  const there = liveness === "dead" ? undefined : await findListener(socket, () => false);
  if (there !== undefined) return { server: there };
  if (liveness !== "dead")
    throw new IapeerError("launch-failed", `it cannot be told which server answers on ${socket}`, {
      details: { identity, socket },
    });
  const keeper = `iap-start-${randomHex(8)}`;
  for (const launcher of [scopeLauncher(env), []]) {
    if (launcher === undefined) continue;
    const argv = [
      ...launcher,
      tmux.path,
      "-f",
      "/dev/null",
      "-S",
      socket,
      "new-session",
      "-d",
      "-s",
      keeper,
      "--",
      "/bin/sh",
      "-c",
      `exec sleep ${KEEP_SECS}`,
    ];
    const child = Bun.spawn(argv, {
      cwd: "/",
      env: { ...account },
      stdio: ["ignore", "ignore", "ignore"],
      timeout: START_MS,
      killSignal: "SIGKILL",
    });
    const server = (await child.exited) === 0 ? await findListener(socket, () => true) : undefined;
    if (server !== undefined) return { server, keeper };
  }
  throw new IapeerError("launch-failed", `no tmux server starts on ${socket}`, { details: { identity, socket } });
}

/** Longer than tmux takes to make a session. The session of a killed launch ends by itself. */
const KEEP_SECS = 30;

/** No listener can come any more. */
const NOBODY = Symbol("nobody");

/** The process that answers on a socket, as soon as it does; undefined when none can come any more. */
async function findListener(socket: string, isExpected: () => boolean): Promise<ProcessId | undefined> {
  const look = () => {
    // The question comes before the look, so that a listener that came in between is still seen.
    const mayCome = isExpected();
    const probe = probeSocket(socket);
    const found = probe.liveness === "live" ? readProcess(probe.pid) : undefined;
    if (found !== undefined) return { pid: found.pid, start: found.start };
    return mayCome ? undefined : NOBODY;
  };
  const found = await poll(look, { timeoutMs: START_MS, everyMs: POLL_MS });
  return found === NOBODY ? undefined : found;
}
