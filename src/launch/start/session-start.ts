import { appendFileSync, lstatSync } from "node:fs";
import { dirname } from "node:path";
import { describeErrno, IapeerError } from "../../model/errors.ts";
import { rotationFrom } from "../../core/disk/event-log.ts";
import { makeFolder } from "../../core/disk/files.ts";
import { type Env, sessionLogPath } from "../../core/layout.ts";
import { isRunning } from "../../core/process/processes.ts";
import { quoteForSh } from "../../core/text/quoting.ts";
import type { Tmux, TmuxAnswer } from "../../core/tmux.ts";
import type { AgentPane, Incarnation, Running } from "../../status/incarnation/types.ts";
import { incarnationPaths, launchMark } from "../../status/incarnation/incarnation.ts";
import { planWake } from "../recorder/recorder.ts";
import { readAgentPane } from "../session/session.ts";
import { INCARNATION_OPTION } from "../stamp.ts";
import type { Host } from "../../core/host.ts";
import { renderSessionConfig, type SessionConfig } from "./session-config.ts";
import { renderHookFor } from "../hook/hook.ts";
import { renderPipePaneCommand } from "./session-log.ts";
import { renderSharedPane, renderSharedSession } from "./shared-session-config.ts";
import { endSession } from "../end/end.ts";

/** The program of a session. */
export interface SessionStart {
  readonly argv: readonly string[];
  readonly cwd: string;
  /** Its whole environment. */
  readonly environment: Env;
  /** See SessionConfig. */
  readonly token: string;
}

/**
 * Makes the session of an incarnation on its server.
 *
 * @returns the agent's pane; undefined when it is gone already.
 * @throws IapeerError `launch-failed`; `stale-incarnation`: a shared server has another session of its name.
 */
export async function startSession(incarnation: Running, start: SessionStart, host: Host): Promise<AgentPane | undefined> {
  const { identity, server } = incarnation;
  const config = planSession(incarnation, start, host);
  const answer = await (incarnation.shared ? makeSharedSession : makeSession)(incarnation, config, host.tmux);
  if (!answer.ok && isRunning(server)) {
    const taken = incarnation.shared && (await isNameTaken(incarnation, host.tmux));
    await endSession(incarnation, { reason: "launch-failed" }, host);
    throw taken
      ? nameTaken(incarnation)
      : new IapeerError("launch-failed", `tmux does not make the session of ${identity}: ${answer.why}`, {
          details: { identity },
        });
  }
  return (await readAgentPane(incarnation, host.tmux)) ?? undefined;
}

function planSession(incarnation: Running, start: SessionStart, host: Host): SessionConfig {
  const { layout, env, tmux } = host;
  const { identity, incarnation: uuid, socket, shared } = incarnation;
  const log = sessionLogPath(layout, identity);
  const { held } = incarnationPaths(layout, identity, uuid);
  makeFolder(dirname(log));
  markLaunch(log, incarnation, host);
  // On a server that goes on without the session nothing else would wake the recorder.
  const atEnd = `${[tmux.path, "-S", socket, ...planWake(incarnation)].map(quoteForSh).join(" ")} >/dev/null 2>&1`;
  const logger = renderPipePaneCommand({
    path: log,
    maxBytes: rotationFrom(env).maxBytes,
    heldMark: held,
    ...(shared && { atEnd }),
  });
  return { ...start, identity, incarnation: uuid, hook: renderHookFor(incarnation, host), logger, heldMark: held };
}

/** Marks the start of a session in the log, which holds many. A log that cannot be written is no reason not to launch. */
function markLaunch(log: string, incarnation: Incarnation, { tell }: Host): void {
  try {
    const found = lstatSync(log, { throwIfNoEntry: false });
    if (found === undefined || found.isFile()) appendFileSync(log, `${launchMark(incarnation)}\n`, { mode: 0o600 });
  } catch (error) {
    tell.warn(`cannot write the session's log ${log}: ${describeErrno(error)}`);
  }
}

async function makeSession({ socket }: Running, config: SessionConfig, tmux: Tmux): Promise<TmuxAnswer> {
  return await tmux.call(socket, ["source-file", "-"], { stdin: renderSessionConfig(config), env: config.environment });
}

async function makeSharedSession({ socket }: Running, config: SessionConfig, tmux: Tmux): Promise<TmuxAnswer> {
  const made = await tmux.call(socket, ["source-file", "-"], { stdin: renderSharedSession(config), env: config.environment });
  if (!made.ok) return made;
  const pane = made.stdout.split("\n").find((line) => /^%[0-9]+$/.test(line));
  if (pane === undefined) return { ok: false, why: `it does not tell which pane: ${made.stdout.trim()}` };
  return await tmux.call(socket, ["source-file", "-"], { stdin: renderSharedPane(pane, config) });
}

async function isNameTaken({ socket, identity, incarnation }: Incarnation, tmux: Tmux): Promise<boolean> {
  const isAnothers = `#{&&:#{==:#{session_name},${identity}},#{!=:#{${INCARNATION_OPTION}},${incarnation}}}`;
  const answer = await tmux.call(socket, ["list-sessions", "-f", isAnothers, "-F", "#{session_id}"]);
  return answer.ok && answer.stdout !== "";
}

function nameTaken({ socket, identity }: Incarnation): IapeerError {
  return new IapeerError(
    "stale-incarnation",
    `a session called ${identity} is on the server of ${socket} already, and was not launched from this root; nothing was done to it`,
    {
      hint: `see what it is: tmux -S ${quoteForSh(socket)} attach -t ${quoteForSh(`=${identity}`)}; another name for it: rename-session`,
      details: { identity, socket },
    },
  );
}
