import { join } from "node:path";
import { BINARY, until, type Sandbox } from "./sandbox.ts";

/** A real terminal: one pane of a private tmux server. */
export interface Terminal extends Disposable {
  /** Types a line, or sends a key by its tmux name ("C-c"). */
  readonly type: (line: string) => void;
  readonly key: (name: string) => void;
  readonly resize: (columns: number, rows: number) => void;
  /** Expands a format of tmux for the pane. */
  readonly ask: (format: string) => string;
  /** The text of the screen, with colours as escape codes. */
  readonly screen: () => string;
  /** Waits until the screen shows something. */
  readonly shows: (pattern: RegExp) => Promise<void>;
}

/** A terminal with the prompt `$`, in which `iapeer` is the compiled program. */
export function openTerminal(
  sandbox: Sandbox,
  { columns = 100, env = {}, called = "terminal" }: { columns?: number; env?: Record<string, string>; called?: string } = {},
): Terminal {
  const socket = join(sandbox.folder, `${called}.sock`);
  // A tmux client makes its stdin non-blocking, also for the process that it inherits it from.
  const options = {
    env: { ...sandbox.env, TERM: "xterm-256color", SHELL: "/bin/sh", ...env },
    stdin: "ignore",
    cwd: sandbox.folder,
  } as const;
  const tmux = (...args: string[]) =>
    Bun.spawnSync(["tmux", "-f", "/dev/null", "-S", socket, ...args], options).stdout.toString();
  const rc = sandbox.write("rc", `PS1='$ '\niapeer() { '${BINARY}' "$@"; echo "[exit $?]"; }\n`);
  tmux("new-session", "-d", "-s", "t", "-x", String(columns), "-y", "50", "-e", `ENV=${rc}`, "sh", "-i");
  const screen = () => tmux("capture-pane", "-p", "-e", "-t", "=t:");
  return {
    type: (line) => {
      tmux("send-keys", "-t", "=t:", "-l", "--", line);
      tmux("send-keys", "-t", "=t:", "Enter");
    },
    key: (name) => void tmux("send-keys", "-t", "=t:", name),
    resize: (wide, high) => void tmux("resize-window", "-t", "=t:", "-x", String(wide), "-y", String(high)),
    ask: (format) => tmux("display-message", "-p", "-t", "=t:", format).trim(),
    screen,
    shows: async (pattern) => await until(`the screen shows ${pattern}`, () => pattern.test(screen())),
    [Symbol.dispose]: () => void tmux("kill-server"),
  };
}
