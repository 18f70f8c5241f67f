import { mkdirSync } from "node:fs";
import type { ProcessId } from "../../src/core/process/process-table.ts";
import { readProcess } from "../../src/core/process/processes.ts";
import type { Sandbox } from "./sandbox.ts";
import { callOutside } from "./session.ts";
import { namedSocketPath } from "../../src/core/socket-path.ts";

/** The name of a person's socket. Each sandbox has one of its own. */
export const SHARED = "work";

/** A person's own tmux server, with a session of that person. */
export interface PersonsServer {
  readonly sandbox: Sandbox;
  readonly socket: string;
  readonly server: ProcessId;
  /** The process in that session. */
  readonly mine: ProcessId;
}

/** Has named sockets lie in the sandbox, and returns the path of the shared one. */
export function prepareShared(sandbox: Sandbox): string {
  sandbox.env["TMUX_TMPDIR"] = sandbox.home;
  return namedSocketPath(sandbox.env, SHARED);
}

/** Starts `tmux -L work` as a person does, with a secret in its environment. */
export async function startPersonsServer(sandbox: Sandbox): Promise<PersonsServer> {
  const socket = prepareShared(sandbox);
  mkdirSync(`${sandbox.home}/tmux-${process.getuid!()}`, { recursive: true, mode: 0o700 });
  const { IAPEER_ROOT: _root, ...env } = sandbox.env;
  const theirs = { ...sandbox, env: { ...env, OF_THE_PERSON: "secret", HOME: "/nonexistent" } };
  await callOutside({ socket, sandbox: theirs }, "new-session", "-d", "-s", "mine", "exec sleep 600");
  const [server, mine] = (
    await callOutside({ socket, sandbox }, "display-message", "-p", "-t", "=mine:", "#{pid} #{pane_pid}")
  ).split(" ");
  return { sandbox, socket, server: readProcess(Number(server))!, mine: readProcess(Number(mine))! };
}
