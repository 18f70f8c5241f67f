import { chmodSync } from "node:fs";
import { isRunning, readProcess } from "../../src/core/process/processes.ts";
import { signalProcess } from "../../src/core/process/signals.ts";
import { openScratch, type Scratch } from "./scratch.ts";
import { until } from "./sandbox.ts";

/** A tmux server for one test, in a folder of its own. Its end is checked by its pid. */
export interface PrivateTmux extends AsyncDisposable {
  readonly scratch: Scratch;
  readonly socket: string;
  readonly server: { readonly pid: number; readonly start: string };
  at(...names: readonly string[]): string;
  /** Calls tmux and returns its stdout. Throws when tmux fails. */
  call(...args: readonly string[]): Promise<string>;
  isRunning(): boolean;
  /** Sends the server a SIGCHLD, at which it looks for dead children. */
  nudge(): void;
}

export interface PrivateTmuxOptions {
  /** The environment of the server. Default: ours. */
  readonly env?: Readonly<Record<string, string>>;
  readonly session?: string;
  /** The command of the first pane. Default: one that waits. */
  readonly command?: readonly string[];
  /** A command that starts the tmux that becomes the server, such as `unshare -m`. */
  readonly wrapper?: readonly string[];
  readonly cwd?: string;
}

/** Starts a tmux server. `await using` ends it, kills it if it goes on, and deletes the folder. */
export async function openPrivateTmux(options: PrivateTmuxOptions = {}): Promise<PrivateTmux> {
  const scratch = openScratch();
  chmodSync(scratch.path, 0o700);
  const socket = scratch.at("s");
  const tmux = Bun.which("tmux")!;
  const call = async (...args: readonly string[]) => await run([tmux, "-S", socket, ...args], {});
  const start = [
    "-f",
    "/dev/null",
    "new-session",
    "-d",
    "-x",
    "80",
    "-y",
    "24",
    "-s",
    options.session ?? "one",
    ...(options.command ?? ["sleep", "600"]),
  ];
  await run([...(options.wrapper ?? []), tmux, "-S", socket, ...start], options);
  const server = readProcess(Number(await call("display-message", "-p", "#{pid}")))!;
  return {
    scratch,
    socket,
    server,
    at: (...names) => scratch.at(...names),
    call,
    isRunning: () => isRunning(server),
    nudge: () => {
      // kill(1) does not throw when the server has just gone.
      if (isRunning(server))
        Bun.spawnSync(["kill", "-s", "CHLD", String(server.pid)], { stdin: "ignore", stdout: "ignore", stderr: "ignore" });
    },
    [Symbol.asyncDispose]: async () => {
      signalProcess(server, "SIGKILL");
      await until("the server is gone", () => !isRunning(server));
      scratch[Symbol.dispose]();
    },
  };
}

async function run(argv: readonly string[], { env, cwd = "/" }: PrivateTmuxOptions): Promise<string> {
  const { TMUX: _tmux, TMUX_PANE: _pane, ...ours } = process.env;
  const child = Bun.spawn([...argv], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    env: env ?? ours,
    cwd,
    timeout: 10_000,
    killSignal: "SIGKILL",
  });
  const [stdout, stderr, status] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (status !== 0) throw new Error(`${argv.join(" ")}: ${stderr}`);
  return stdout.trimEnd();
}
