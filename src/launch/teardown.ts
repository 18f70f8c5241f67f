import { join } from "node:path";
import { writeAtomically } from "../core/atomic-write.ts";
import { appendEvent, type LogTarget } from "../core/event-log.ts";
import { IapeerError } from "../core/errors.ts";
import { makeFolder } from "../core/files.ts";
import { renderJson } from "../core/json.ts";
import { identityOf } from "../core/names.ts";
import { type Layout, socketPath } from "../core/paths.ts";
import type { ProcessId } from "../core/process-table.ts";
import { isRunning, readProcess } from "../core/processes.ts";
import { signalProcess } from "../core/signals.ts";
import { callTmux } from "../core/tmux.ts";

export interface TeardownContext {
  readonly layout: Layout;
  readonly log: LogTarget;
  readonly now: () => Date;
}

/** How long a server may take to end by itself before it is killed, and after that. */
const ORDERLY_MS = 5000;
const KILLED_MS = 2000;
const POLL_MS = 10;

/**
 * Ends the tmux server of one identity on purpose: the claim is written first, so that nobody takes the end
 * for a death; then the server is asked to end, and killed when it does not.
 *
 * @throws IapeerError `stop-failed` when it is still there afterwards.
 */
export async function tearDown(runtime: string, personality: string, context: TeardownContext): Promise<void> {
  const identity = identityOf(runtime, personality);
  const socket = socketPath(context.layout, runtime, personality);
  const server = await readServer(socket);
  if (server === undefined) throw stopFailed(identity, "its server does not answer");
  writeClaim(identity, server, context);
  await callTmux(socket, ["kill-server"], ORDERLY_MS);
  if (!(await isGoneWithin(server, ORDERLY_MS))) signalProcess(server, "SIGKILL");
  if (!(await isGoneWithin(server, KILLED_MS))) throw stopFailed(identity, `its server (pid ${server.pid}) does not end`);
  appendEvent(context.log, { ev: "stop", identity, server_pid: server.pid, reason: "remove" }, context.now());
}

async function readServer(socket: string): Promise<ProcessId | undefined> {
  const answer = await callTmux(socket, ["display-message", "-p", "#{pid}"]);
  return answer.ok ? readProcess(Number(answer.stdout.trim())) : undefined;
}

function writeClaim(identity: string, server: ProcessId, { layout, now }: TeardownContext): void {
  makeFolder(layout.stateFolder);
  const claim = { version: 1, server_pid: server.pid, server_start: server.start, ts: now().toISOString() };
  writeAtomically(join(layout.stateFolder, `${identity}.claim`), renderJson(claim));
}

async function isGoneWithin(server: ProcessId, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (isRunning(server)) {
    if (performance.now() > deadline) return false;
    await Bun.sleep(POLL_MS);
  }
  return true;
}

function stopFailed(identity: string, why: string): IapeerError {
  return new IapeerError("stop-failed", `${identity} could not be stopped: ${why}`, { details: { identity } });
}
