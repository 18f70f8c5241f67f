import { realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { IapeerError } from "../model/errors.ts";
import { type Env, refuseSocketInSandbox } from "./layout.ts";
import { whyNotSocketFolder } from "./disk/socket-folder.ts";

/** What a tmux call came to; judged by its exit status, never by its words. */
export type TmuxAnswer = { readonly ok: true; readonly stdout: string } | { readonly ok: false; readonly why: string };

export interface TmuxCallOptions {
  readonly timeoutMs?: number;
  /** What it reads on stdin; nothing when not given. */
  readonly stdin?: string;
  /** Its environment, in the place of ours. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

const DEADLINE_MS = 5000;

/** What fits into sun_path beside the NUL at its end (unix(7), macOS sys/un.h). */
export const SOCKET_PATH_BYTES = process.platform === "darwin" ? 103 : 107;

/** Refuses a socket's path that no server could be started on, before tmux sees it: `socket-path-too-long`. */
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

/** Refuses a socket folder that is not the caller's alone: `socket-folder-insecure`. */
export function refuseInsecureFolder(folder: string): void {
  const why = whyNotSocketFolder(folder);
  if (why === undefined) return;
  throw new IapeerError("socket-folder-insecure", `the socket folder ${folder} ${why}`, {
    hint: `look at what is in it, then: chmod 700 '${folder}'; or set IAPEER_SOCK_DIR (for a socket by name TMUX_TMPDIR) to a folder of your own`,
    details: { path: folder },
  });
}

/**
 * The socket that `tmux -L name` means in an environment: `$TMUX_TMPDIR/tmux-<uid>/<name>`, links resolved, and /tmp in its place where
 * that is not set or leads nowhere (tmux(1), `-L`; tmux.c, make_label). Nothing is made.
 *
 * @throws IapeerError `sandbox-violation` for one outside the sandbox.
 */
export function namedSocketPath(env: Env, name: string): string {
  const above = resolved(env["TMUX_TMPDIR"] ?? "") ?? realpathSync("/tmp");
  const folder = join(above, `tmux-${process.getuid!()}`);
  refuseSocketInSandbox(env, folder);
  return join(folder, name);
}

function resolved(path: string): string | undefined {
  try {
    // Node takes "" for the working folder; realpath(3) does not.
    return path === "" ? undefined : realpathSync(path);
  } catch {
    return undefined;
  }
}

/** The absolute path of tmux. Throws `tmux-missing`. */
export function findTmux(): string {
  const tmux = Bun.which("tmux");
  if (tmux !== null) return tmux;
  throw new IapeerError("tmux-missing", "tmux is not installed, or not on PATH", { hint: "install tmux 3.2 or later" });
}

/** "3.3a" as [3, 3]; undefined for a version that has no number ("master"). */
export function parseTmuxVersion(text: string): readonly [number, number] | undefined {
  const match = /(\d+)\.(\d+)/.exec(text);
  return match === null ? undefined : [Number(match[1]), Number(match[2])];
}

/** What `tmux -V` says ("3.3a"); undefined when it says nothing. */
export function readTmuxVersion(tmux: string): string | undefined {
  const { stdout, success } = Bun.spawnSync([tmux, "-V"], { stdin: "ignore", stderr: "ignore", timeout: DEADLINE_MS });
  return success
    ? stdout
        .toString()
        .trim()
        .replace(/^tmux /, "")
    : undefined;
}

/** Nothing of a tmux that we may run inside of. */
export function withoutTmux(env: Readonly<Record<string, string | undefined>>): Record<string, string | undefined> {
  const { TMUX: _tmux, TMUX_PANE: _pane, ...rest } = env;
  return rest;
}

/**
 * One call of tmux on one server that runs: an argv, an absolute socket, a deadline. No server is started by it, and nothing of a
 * tmux we may run inside of is inherited.
 */
export async function callTmux(
  socket: string,
  args: readonly string[],
  { timeoutMs = DEADLINE_MS, stdin, env = process.env }: TmuxCallOptions = {},
): Promise<TmuxAnswer> {
  refuseLongPath(socket);
  refuseInsecureFolder(dirname(socket));
  const child = Bun.spawn([findTmux(), "-S", socket, ...args], {
    stdin: stdin === undefined ? "ignore" : new Blob([stdin]),
    stdout: "pipe",
    stderr: "pipe",
    env: withoutTmux(env),
    timeout: timeoutMs,
    killSignal: "SIGKILL",
  });
  const stdout = child.stdout.text();
  const stderr = child.stderr.text();
  const status = await child.exited;
  // The client handed its stdout to the server: of one that hangs the pipe never ends.
  if (child.signalCode !== null) return { ok: false, why: `no answer within ${timeoutMs} ms` };
  return status === 0 ? { ok: true, stdout: await stdout } : { ok: false, why: (await stderr).trim() };
}
