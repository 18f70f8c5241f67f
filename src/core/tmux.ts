import { dirname } from "node:path";
import { IapeerError } from "../model/errors.ts";
import { whyNotSocketFolder } from "./disk/socket-folder.ts";
import type { Env } from "./layout.ts";

/** The answer to a tmux call, judged by its exit status and never by its words. */
export type TmuxAnswer = { readonly ok: true; readonly stdout: string } | { readonly ok: false; readonly why: string };

/** How to call tmux. */
export interface TmuxCallOptions {
  /** Default: 5 s. */
  readonly timeoutMs?: number;
  /** The text that tmux reads on stdin. Default: nothing. */
  readonly stdin?: string;
  /** The environment of the client. Default: the one that tmux was opened with. */
  readonly env?: Env;
  /** Kills the client, which counts as no answer. */
  readonly signal?: AbortSignal | undefined;
}

/** The tmux of an environment: opened once a call, and passed on. */
export interface Tmux {
  /** The absolute path of tmux. Reading it throws IapeerError `tmux-missing`. */
  readonly path: string;
  /** The version that `tmux -V` prints ("3.3a"); undefined when it prints none. Throws IapeerError `tmux-missing`. */
  readonly readVersion: () => Promise<string | undefined>;
  /**
   * Calls tmux once on one server that runs: an argv, an absolute socket, a deadline. It starts no server, and inherits nothing of a
   * tmux that this process may run inside of.
   *
   * @throws IapeerError `tmux-missing`, `socket-path-too-long`, `socket-folder-insecure`.
   *
   * @example
   * const answer = await tmux.call(socket, ["list-sessions", "-F", "#{session_name}"]);
   * const names = answer.ok ? answer.stdout.split("\n") : [];
   */
  readonly call: (socket: string, args: readonly string[], options?: TmuxCallOptions) => Promise<TmuxAnswer>;
}

const DEADLINE_MS = 5000;

/** Opens the tmux on an environment's PATH. It looks for tmux when it is first needed, and starts nothing. */
export function openTmux(env: Env): Tmux {
  let found: string | undefined;
  const find = () => (found ??= findTmux(env));
  return {
    get path() {
      return find();
    },
    readVersion: async () => await readVersion(find(), env),
    call: async (socket, args, options = {}) => {
      refuseLongPath(socket);
      refuseInsecureFolder(dirname(socket));
      return await runClient([find(), "-S", socket, ...args], { env, ...options });
    },
  };
}

function findTmux(env: Env): string {
  const tmux = Bun.which("tmux", { PATH: env["PATH"] ?? "" });
  if (tmux !== null) return tmux;
  throw new IapeerError("tmux-missing", "tmux is not installed, or not on PATH", { hint: "install tmux 3.2 or later" });
}

async function readVersion(tmux: string, env: Env): Promise<string | undefined> {
  const child = Bun.spawn([tmux, "-V"], { env: { ...env }, stdin: "ignore", stderr: "ignore", timeout: DEADLINE_MS });
  const stdout = child.stdout.text();
  return (await child.exited) === 0 ? (await stdout).trim().replace(/^tmux /, "") : undefined;
}

async function runClient(
  argv: readonly string[],
  { timeoutMs = DEADLINE_MS, stdin, env = {}, signal }: TmuxCallOptions,
): Promise<TmuxAnswer> {
  if (signal?.aborted) return { ok: false, why: "interrupted" };
  const child = Bun.spawn([...argv], {
    stdin: stdin === undefined ? "ignore" : new Blob([stdin]),
    stdout: "pipe",
    stderr: "pipe",
    env: withoutTmux(env),
    timeout: timeoutMs,
    killSignal: "SIGKILL",
    ...(signal !== undefined && { signal }),
  });
  const stdout = child.stdout.text();
  const stderr = child.stderr.text();
  const status = await child.exited;
  // The client hands its stdout to the server: the pipe of a server that hangs never ends.
  if (child.signalCode !== null) return { ok: false, why: signal?.aborted ? "interrupted" : `no answer within ${timeoutMs} ms` };
  return status === 0 ? { ok: true, stdout: await stdout } : { ok: false, why: (await stderr).trim() };
}

/** An environment without the variables of a tmux that this process may run inside of. */
export function withoutTmux(env: Env): Record<string, string | undefined> {
  const { TMUX: _tmux, TMUX_PANE: _pane, ...rest } = env;
  return rest;
}

/** The oldest tmux that sessions can stand on: it has `-D`, and hooks and remain-on-exit of one pane. */
export const OLDEST_TMUX = [3, 2] as const;

/** The version as two numbers, [3, 3] for "3.3a"; undefined for a version without numbers ("master"). */
export function parseTmuxVersion(text: string): readonly [number, number] | undefined {
  const match = /(\d+)\.(\d+)/.exec(text);
  return match === null ? undefined : [Number(match[1]), Number(match[2])];
}

/** The longest path of a socket: sun_path without its closing NUL (unix(7), macOS sys/un.h). */
export const SOCKET_PATH_BYTES = process.platform === "darwin" ? 103 : 107;

/** Throws IapeerError `socket-path-too-long` for a path that no socket can have, before tmux sees it. */
export function refuseLongPath(socket: string): void {
  const bytes = Buffer.byteLength(socket);
  if (bytes <= SOCKET_PATH_BYTES) return;
  throw new IapeerError(
    "socket-path-too-long",
    `the socket's path is ${bytes} bytes long, more than ${SOCKET_PATH_BYTES}: ${socket}`,
    {
      hint: "set IAPEER_SOCK_DIR to a folder with a shorter path",
      details: { path: socket, bytes },
    },
  );
}

/** Throws IapeerError `socket-folder-insecure` for a socket folder that others may enter. */
export function refuseInsecureFolder(folder: string): void {
  const why = whyNotSocketFolder(folder);
  if (why === undefined) return;
  throw new IapeerError("socket-folder-insecure", `the socket folder ${folder} ${why}`, {
    hint: `look at what is in it, then: chmod 700 '${folder}'; or set IAPEER_SOCK_DIR (for a socket by name TMUX_TMPDIR) to a folder of your own`,
    details: { path: folder },
  });
}
