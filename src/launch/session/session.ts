import { rmSync } from "node:fs";
import { writeAtomically } from "../../core/disk/atomic-write.ts";
import { reserveRoom } from "../../core/disk/reserve.ts";
import { type Layout } from "../../core/layout.ts";
import { readBootId } from "../../core/process/boot-id.ts";
import { readPidNamespace } from "../../core/process/pid-namespace.ts";
import { readProcess } from "../../core/process/processes.ts";
import { socketPathOf } from "../../core/socket-path.ts";
import type { Tmux } from "../../core/tmux.ts";
import { ioError } from "../../model/errors.ts";
import { incarnationPaths, isServerRunning, pointerPath, saveIncarnation } from "../../status/incarnation/incarnation.ts";
import type { AgentPane, Incarnation } from "../../status/incarnation/types.ts";
import { answers } from "../../status/liveness/liveness.ts";
import { INCARNATION_OPTION, renderIsAgentPane, renderIsOurs } from "../stamp.ts";

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
    ...readOrigin(),
    server: null,
    pane: null,
    ...(tokenHash !== undefined && { token_hash: tokenHash }),
  };
  saveIncarnation(layout, fresh);
  const { claimRoom, stopMarkRoom } = incarnationPaths(layout, identity, fresh.incarnation);
  reserveRoom(claimRoom);
  reserveRoom(stopMarkRoom);
  writePointer(layout, fresh);
  return fresh;
}

/** The names of this boot and this PID namespace, as an incarnation of here has them. */
export function readOrigin(): Pick<Incarnation, "boot_id" | "pid_namespace"> {
  const namespace = readPidNamespace();
  return { boot_id: readBootId(), ...(namespace !== "" && { pid_namespace: namespace }) };
}

/** Names an incarnation as the current one of its identity. Throws IapeerError `write-failed`. */
export function writePointer(layout: Layout, { identity, incarnation }: Pick<Incarnation, "identity" | "incarnation">): void {
  writeAtomically(pointerPath(layout, identity), `${incarnation}\n`);
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
