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
  const child = Bun.spawn([...argv], { ...optionsFor(timeoutMs), stdio: ["ignore", "inherit", "inherit"] });
  return (await child.exited) === 0;
}

/** The same, its output shown in one piece when it is done: for one of several that run at once. */
export async function execInOnePiece(argv: readonly string[], { timeoutMs }: ExecOptions): Promise<boolean> {
  const child = Bun.spawn(["/bin/sh", "-c", 'exec "$@" 2>&1', "sh", ...argv], {
    ...optionsFor(timeoutMs),
    stdio: ["ignore", "pipe", "inherit"],
  });
  process.stdout.write(await child.stdout.text());
  return (await child.exited) === 0;
}

function optionsFor(timeoutMs: number) {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !FOREIGN.test(name)));
  return { cwd: ROOT, env, timeout: timeoutMs, killSignal: "SIGKILL", signal: stop.signal } as const;
}
