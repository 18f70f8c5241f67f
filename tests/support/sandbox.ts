import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fixture } from "./fixtures.ts";

/** The compiled program; `npm test` builds it before any test runs. */
export const BINARY = resolve(import.meta.dir, "../../dist/iapeer");

/** The command that starts the guard of a runner in a test. */
export const GUARD_ARGV = [process.execPath, fixture("guard.ts")];

export interface Finished {
  readonly status: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A private world for one test: root, HOME and socket folder in one short temporary folder. */
export interface Sandbox extends Disposable {
  readonly folder: string;
  readonly root: string;
  readonly home: string;
  readonly env: Record<string, string>;
  /** Runs the compiled program to its end. */
  iapeer(...args: string[]): Promise<Finished>;
  iapeerWith(env: Record<string, string>, ...args: string[]): Promise<Finished>;
  /** Starts the compiled program, and does not wait. */
  start(args: readonly string[], env?: Record<string, string>): Bun.Subprocess<"ignore", "pipe", "pipe">;
  /** Runs it with `--json`, and returns the result, parsed. Throws when there is none. */
  json(...args: string[]): Promise<any>;
  /** Writes a file below the folder, and makes missing folders. */
  write(path: string, text: string, mode?: number): string;
  /** Writes an executable sh script. */
  script(path: string, body: string): string;
  /** Writes the slot. */
  slot(declaration: object): string;
}

export function openSandbox(): Sandbox {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "iap-")));
  const root = join(folder, "root");
  const home = join(folder, "home");
  mkdirSync(home);
  const env = { HOME: home, IAPEER_ROOT: root, IAPEER_TEST_SANDBOX: "1", PATH: process.env["PATH"]!, LANG: "C.UTF-8" };
  const start = (args: readonly string[], more: Record<string, string> = {}) =>
    Bun.spawn([BINARY, ...args], { env: { ...env, ...more }, cwd: folder, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const write = (path: string, text: string, mode = 0o600) => {
    const whole = resolve(folder, path);
    mkdirSync(dirname(whole), { recursive: true, mode: 0o700 });
    writeFileSync(whole, text, { mode });
    chmodSync(whole, mode);
    return whole;
  };
  const iapeerWith = async (more: Record<string, string>, ...args: string[]) => await finish(start(args, more));
  return {
    folder,
    root,
    home,
    env,
    start,
    write,
    iapeerWith,
    iapeer: async (...args) => await iapeerWith({}, ...args),
    json: async (...args) => {
      const { stdout, stderr } = await iapeerWith({}, ...args, "--json");
      if (stdout === "") throw new Error(`no JSON on stdout; stderr: ${stderr}`);
      return JSON.parse(stdout) as unknown;
    },
    script: (path, body) => write(path, `#!/bin/sh\n${body}\n`, 0o700),
    slot: (declaration) => write(join(root, "memory-provider.json"), JSON.stringify(declaration, null, 2)),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** How a child ended, and everything it printed. */
export async function finish(child: Bun.Subprocess<"ignore", "pipe", "pipe">): Promise<Finished> {
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { status: child.exitCode, signal: child.signalCode?.toString() ?? null, stdout, stderr };
}

/** Polls until something is true; fails the test after a deadline. A look that costs much is followed by a longer pause, for the tests beside. */
export async function until(what: string, isTrue: () => boolean | Promise<boolean>, timeoutMs = 30_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const lookedAtMs = performance.now();
    if (await isTrue()) return;
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await Bun.sleep(Math.max(10, Math.min(250, 3 * (performance.now() - lookedAtMs))));
  }
}
