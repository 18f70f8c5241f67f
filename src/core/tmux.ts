import { dirname } from "node:path";
import { IapeerError } from "./errors.ts";
import { whyNotSocketFolder } from "./socket-folder.ts";

/** What a tmux call came to; judged by its exit status, never by its words. */
export type TmuxAnswer = { readonly ok: true; readonly stdout: string } | { readonly ok: false; readonly why: string };

const DEADLINE_MS = 5000;

/** What fits into sun_path beside the NUL at its end (unix(7), macOS sys/un.h). */
const SOCKET_PATH_BYTES = process.platform === "darwin" ? 103 : 107;

/** Refuses a socket's path that no server could be started on, before tmux sees it: `socket-path-too-long`. */
function refuseLongPath(socket: string): void {
  const bytes = Buffer.byteLength(socket);
  if (bytes <= SOCKET_PATH_BYTES) return;
  throw new IapeerError("socket-path-too-long", `the socket's path is ${bytes} bytes long, more than ${SOCKET_PATH_BYTES}: ${socket}`, {
    hint: "set IAPEER_SOCK_DIR to a folder with a shorter path",
    details: { path: socket, bytes },
  });
}

function refuseInsecureFolder(folder: string): void {
  const why = whyNotSocketFolder(folder);
  if (why === undefined) return;
  throw new IapeerError("socket-folder-insecure", `the socket folder ${folder} ${why}`, {
    hint: `look at what is in it, then: chmod 700 '${folder}'; or set IAPEER_SOCK_DIR to a folder of your own`,
    details: { path: folder },
  });
}

/** One call of tmux on one server: an argv, an absolute socket, a deadline. Nothing of a tmux we may run inside of is inherited. */
export async function callTmux(socket: string, args: readonly string[], timeoutMs = DEADLINE_MS): Promise<TmuxAnswer> {
  refuseLongPath(socket);
  refuseInsecureFolder(dirname(socket));
  const tmux = Bun.which("tmux");
  if (tmux === null) throw new IapeerError("command-failed", "tmux is not installed, or not on PATH", { hint: "install tmux 3.2 or later" });
  const { TMUX: _tmux, TMUX_PANE: _pane, ...env } = process.env;
  const child = Bun.spawn([tmux, "-S", socket, ...args], { stdin: "ignore", stdout: "pipe", stderr: "pipe", env, timeout: timeoutMs, killSignal: "SIGKILL" });
  const stdout = child.stdout.text();
  const stderr = child.stderr.text();
  const status = await child.exited;
  // The client handed its stdout to the server: of one that hangs the pipe never ends.
  if (child.signalCode !== null) return { ok: false, why: `no answer within ${timeoutMs} ms` };
  return status === 0 ? { ok: true, stdout: await stdout } : { ok: false, why: (await stderr).trim() };
}
