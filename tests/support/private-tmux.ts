import { chmodSync } from "node:fs";
import { isRunning, readProcess } from "../../src/core/process/processes.ts";
import { signalProcess } from "../../src/core/process/signals.ts";
import { openScratch, type Scratch } from "./scratch.ts";
import { until } from "./sandbox.ts";

/** A tmux server of one test's own, in a folder of its own; its pid is checked at the end. */
export interface PrivateTmux extends AsyncDisposable {
  readonly scratch: Scratch;
  readonly socket: string;
  readonly server: { readonly pid: number; readonly start: string };
  at(...names: readonly string[]): string;
  /** Its stdout; throws when tmux says no. */
  call(...args: readonly string[]): Promise<string>;
  isRunning(): boolean;
  /** Sends it a SIGCHLD, at which it looks for dead children. */
  nudge(): void;
}

export interface PrivateTmuxOptions {
  /** The environment of the server, in the place of ours. */
  readonly env?: Readonly<Record<string, string>>;
  readonly session?: string;
  /** What the first pane runs. Default: something that waits. */
  readonly command?: readonly string[];
  /** Around the tmux that becomes the server: `unshare -m sh -c …`. */
  readonly wrapper?: readonly string[];
  readonly cwd?: string;
}

/** Starts one; `await using` ends it, kills it when it will not, and deletes the folder. */
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
      // By a program: a server that has just gone is no error here.
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
