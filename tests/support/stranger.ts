import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { isRunning as isStillRunning, readProcess } from "../../src/core/process/processes.ts";
import { signalProcess } from "../../src/core/process/signals.ts";
import type { LiveServer } from "./live-peer.ts";
import { until, type Sandbox } from "./sandbox.ts";

export interface Stranger extends LiveServer {
  /** Stamps it as the server of an incarnation of another root. */
  readonly stamp: () => void;
}

/** A tmux server on an identity's socket that iapeer did not launch: it has no canary and no saved state. */
export async function startStranger(sandbox: Sandbox, identity: string): Promise<Stranger> {
  const folder = join(sandbox.root, "socks");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const socket = join(folder, `tmux-iap-${identity}.sock`);
  // A tmux client makes its stdin non-blocking, also for the process that it inherits it from.
  const options = { env: { ...sandbox.env, TERM: "xterm" }, stdin: "ignore" } as const;
  const tmux = (...args: string[]) => Bun.spawnSync(["tmux", "-f", "/dev/null", "-S", socket, ...args], options);
  tmux("new-session", "-d", "-s", identity, "cat");
  const server = readProcess(Number(tmux("display-message", "-p", "#{pid}").stdout.toString()));
  if (server === undefined) throw new Error("tmux did not start");
  const isRunning = () => isStillRunning(server);
  return {
    pid: server.pid,
    isRunning,
    stamp: () => void tmux("set-option", "-s", "@iap_incarnation", "00000000-0000-4000-8000-000000000000"),
    [Symbol.asyncDispose]: async () => {
      signalProcess(server, "SIGKILL");
      await until("the server is gone", () => !isRunning());
    },
  };
}
