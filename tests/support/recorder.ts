import { closeSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { tryHold } from "../../src/core/disk/lock.ts";
import { parseEvents } from "../../src/core/disk/event-log.ts";
import { type Layout, layoutFrom } from "../../src/core/layout.ts";
import { isRunning, readProcess } from "../../src/core/process/processes.ts";
import type { ProcessId } from "../../src/core/process/process-table.ts";
import { signalProcess } from "../../src/core/process/signals.ts";
import { openTmux } from "../../src/core/tmux.ts";
import { type CanaryScript, renderCanaryScript } from "../../src/launch/recorder/script.ts";
import type { Witness } from "../../src/launch/recorder/types.ts";
import { incarnationPaths } from "../../src/status/incarnation/incarnation.ts";
import type { IncarnationPaths } from "../../src/status/incarnation/types.ts";
import { probeSocket } from "../../src/status/liveness/liveness.ts";
import { until } from "./sandbox.ts";
import { openScratch } from "./scratch.ts";

export const IDENTITY = "claude-bob";
const INCARNATION = "11111111-2222-4333-8444-555555555555";

/** A server and its recorder for one test. */
export interface WatchedServer extends AsyncDisposable {
  readonly layout: Layout;
  readonly paths: IncarnationPaths;
  readonly server: ProcessId;
  readonly recorder: ProcessId;
  readonly tmux: (...args: string[]) => string;
  /** The lines of exits.log and lifecycle.log. */
  readonly exits: () => Record<string, string>[];
  readonly lifecycle: () => Record<string, string>[];
}

export interface WatchOptions {
  /** The shell that runs the script. */
  readonly shell?: readonly string[];
  readonly witness: Witness;
  /** The name of the root's folder. */
  readonly rootName?: string;
  readonly graceMs?: number;
  /** A command that starts the shell, such as `unshare …`. */
  readonly through?: readonly string[];
  readonly change?: (script: string) => string;
  /** True when the start waits until a client waits. Default: yes. */
  readonly isReadyAwaited?: boolean;
}

const TMUX = openTmux(process.env).path;

/** Starts a real tmux server and its rendered recorder script, as launch and arm do. */
export async function watchServer({
  shell = ["/bin/sh"],
  witness,
  rootName = "root",
  graceMs = 200,
  through = [],
  change = (text) => text,
  isReadyAwaited = true,
}: WatchOptions): Promise<WatchedServer> {
  const scratch = openScratch();
  const layout = layoutFrom({ IAPEER_ROOT: scratch.at(rootName), IAPEER_SOCK_DIR: scratch.at("s"), IAPEER_TEST_SANDBOX: "1" });
  const paths = incarnationPaths(layout, IDENTITY, INCARNATION);
  mkdirSync(paths.folder, { recursive: true, mode: 0o700 });
  mkdirSync(layout.socketFolder, { mode: 0o700 });
  mkdirSync(scratch.at(rootName, "logs", "iapeer"), { recursive: true, mode: 0o700 });
  const socket = `${layout.socketFolder}/tmux-iap-${IDENTITY}.sock`;
  const options = { env: { PATH: process.env["PATH"]!, TERM: "xterm", LANG: "C.UTF-8" }, stdin: "ignore", cwd: "/" } as const;
  const tmux = (...args: string[]) => Bun.spawnSync([TMUX, "-f", "/dev/null", "-S", socket, ...args], options).stdout.toString();
  const startRecorder = async (script: Partial<CanaryScript>) => {
    const told = {
      layout,
      platform: process.platform,
      identity: IDENTITY,
      incarnation: INCARNATION,
      socket,
      tmux: TMUX,
      witness,
      graceMs,
      ...script,
    };
    await Bun.write(paths.script, change(renderCanaryScript(told)));
    const lock = tryHold(paths.lock)!;
    const child = Bun.spawn([...through, ...shell, paths.script], {
      ...options,
      stdio: ["pipe", "ignore", "ignore", lock],
      detached: true,
    });
    closeSync(lock);
    void child.stdin!.write("go\n");
    void child.stdin!.end();
    return readProcess(child.pid)!;
  };
  const newSession = () => tmux("new-session", "-d", "-s", IDENTITY, "--", "sleep", "600");
  let recorder: ProcessId;
  if (witness === "parent") {
    recorder = await startRecorder({});
    await until("the server answers", () => probeSocket(socket).liveness === "live");
    newSession();
  } else {
    newSession();
    tmux("set-option", "-s", "@iap_incarnation", INCARNATION);
    const server = listenerOn(socket);
    recorder = await startRecorder({ server, readyChannel: "iap-ready" });
    if (isReadyAwaited) tmux("wait-for", "iap-ready");
  }
  const server = listenerOn(socket);
  const read = (path: string) => (existsSync(path) ? parseEvents(readFileSync(path, "utf8")) : []);
  return {
    layout,
    paths,
    server,
    recorder,
    tmux,
    exits: () => read(layout.exitsLog),
    lifecycle: () => read(layout.lifecycleLog),
    [Symbol.asyncDispose]: async () => {
      signalProcess(recorder, "SIGKILL");
      signalProcess(server, "SIGKILL");
      await until("server and recorder are gone", () => !isRunning(server) && !isRunning(recorder));
      scratch[Symbol.dispose]();
    },
  };
}

/** Asks the kernel for the pid: a server in another pid namespace reports another one. */
function listenerOn(socket: string): ProcessId {
  const probe = probeSocket(socket);
  return readProcess(probe.liveness === "live" ? probe.pid : 0)!;
}
