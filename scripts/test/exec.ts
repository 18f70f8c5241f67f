import { join } from "node:path";

export const ROOT = join(import.meta.dir, "../..");

/** Ends everything that runs through this file: it must not outlive a test run that a person stops. */
export const stop = new AbortController();

/** Variables of a tmux session or a peer that the test run is started from: they must not change its outcome. */
const FOREIGN = /^(IAPEER_|PEER_|TMUX(_PANE|_TMPDIR)?$|BUN_(OPTIONS|BE_BUN)$)/;

/** Tests run with the least that a host gives: a home that is not the account's and that nobody can write, and no UTF-8 locale. */
const BARE = { LC_ALL: "C", ...(process.platform === "linux" && { HOME: "/proc" }) };

interface ExecOptions {
  /** After this time the command is killed, and has failed. */
  readonly timeoutMs: number;
}

/** Runs a command in the repository's folder, with its output shown as it comes. Resolves to whether it exited with 0. */
export async function exec(argv: readonly string[], { timeoutMs }: ExecOptions): Promise<boolean> {
  const child = Bun.spawn([...argv], { ...optionsFor(timeoutMs), stdio: ["ignore", "inherit", "inherit"] });
  return (await child.exited) === 0;
}

/** The same for one of several commands that run at once: its output is shown in one piece when it has ended. */
export async function execInOnePiece(argv: readonly string[], { timeoutMs }: ExecOptions): Promise<boolean> {
  const options = optionsFor(timeoutMs);
  const child = Bun.spawn(["/bin/sh", "-c", 'exec "$@" 2>&1', "sh", ...argv], {
    ...options,
    env: { ...options.env, ...BARE },
    stdio: ["ignore", "pipe", "inherit"],
  });
  process.stdout.write(await child.stdout.text());
  return (await child.exited) === 0;
}

function optionsFor(timeoutMs: number) {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !FOREIGN.test(name)));
  return { cwd: ROOT, env, timeout: timeoutMs, killSignal: "SIGKILL", signal: stop.signal } as const;
}
