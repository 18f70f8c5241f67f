import { join } from "node:path";

export const ROOT = join(import.meta.dir, "../..");

/** Ends whatever `exec` has running: the person who stops a test run does not want its children to go on. */
export const stop = new AbortController();

/** Variables that would let the place a test run is started from, a tmux session or a peer's folder, change its outcome. */
const FOREIGN = /^(IAPEER_|PEER_|TMUX(_PANE|_TMPDIR)?$|BUN_(OPTIONS|BE_BUN)$)/;

interface ExecOptions {
  /** The command is killed then, and counts as failed. */
  readonly timeoutMs: number;
}

/** Runs a command from the repository's folder, its output straight to the person; resolves to whether it exited with 0. */
export async function exec(argv: readonly string[], { timeoutMs }: ExecOptions): Promise<boolean> {
  const child = Bun.spawn([...argv], {
    cwd: ROOT,
    env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !FOREIGN.test(name))),
    stdio: ["ignore", "inherit", "inherit"],
    timeout: timeoutMs,
    killSignal: "SIGKILL",
    signal: stop.signal,
  });
  return (await child.exited) === 0;
}
