import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { isRunning as isStillRunning, readProcess } from "../../src/core/processes.ts";
import { until, type Sandbox } from "./sandbox.ts";

export interface LiveServer extends AsyncDisposable {
  readonly pid: number;
  readonly isRunning: () => boolean;
}

/** A real tmux server with one session on an identity's socket, as a launched peer has it. */
export async function startServer(sandbox: Sandbox, identity: string): Promise<LiveServer> {
  const folder = join(sandbox.root, "socks");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const socket = join(folder, `tmux-iap-${identity}.sock`);
  // A tmux client makes its stdin non-blocking, and with it that of whoever it has it from.
  const options = { env: { ...sandbox.env, TERM: "xterm" }, stdin: "ignore" } as const;
  const tmux = (...args: string[]) => Bun.spawnSync(["tmux", "-f", "/dev/null", "-S", socket, ...args], options);
  tmux("new-session", "-d", "-s", identity, "cat");
  const pid = Number(tmux("display-message", "-p", "#{pid}").stdout.toString());
  const server = readProcess(pid);
  if (server === undefined) throw new Error("tmux did not start");
  const isRunning = () => isStillRunning(server);
  return {
    pid,
    isRunning,
    [Symbol.asyncDispose]: async () => {
      tmux("kill-server");
      await until("the server is gone", () => !isRunning());
    },
  };
}
