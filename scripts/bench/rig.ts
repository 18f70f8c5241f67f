import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { build } from "../build.ts";
import { ensureBinary } from "../binary.ts";
import type { Bench, World } from "./row.ts";

const CALL_TIMEOUT_MS = 120_000;

/** Builds the two programs, and makes a folder for all worlds that is deleted at the end. */
export async function openRig(): Promise<Bench & Disposable> {
  const folder = realpathSync(mkdtempSync("/tmp/iapeer-bench-"));
  writeFileSync(join(folder, "hello.ts"), 'console.log("hello world");\n');
  const binary = await ensureBinary();
  const hello = await build({ entry: join(folder, "hello.ts"), outDir: join(folder, "hello") });
  let worlds = 0;
  return {
    binary,
    hello,
    world: () => openWorld(join(folder, String(++worlds))),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function openWorld(folder: string): World {
  const root = join(folder, "root");
  mkdirSync(root, { recursive: true, mode: 0o700 });
  const env = { PATH: process.env["PATH"] ?? "", HOME: folder, IAPEER_ROOT: root, IAPEER_TEST_SANDBOX: "1", LANG: "C.UTF-8" };
  return { folder, root, env };
}

/** Runs a command to its end, and returns how many milliseconds that took. Throws an Error for any other exit status. */
export async function time(argv: readonly string[], env: Record<string, string>, exit = 0): Promise<number> {
  const startMs = performance.now();
  const child = Bun.spawn([...argv], {
    env,
    stdio: ["ignore", "ignore", "ignore"],
    timeout: CALL_TIMEOUT_MS,
    killSignal: "SIGKILL",
  });
  const status = await child.exited;
  const tookMs = performance.now() - startMs;
  if (status !== exit) throw new Error(`${argv.join(" ")} exited with ${status}, not ${exit}`);
  return tookMs;
}

/** Writes a registry of `count` peers, as add leaves it. */
export function fillRegistry({ root, folder }: World, count: number): void {
  const peers = Array.from({ length: count }, (_, n) => ({
    personality: nameOf(n),
    default_runtime: "claude",
    runtimes: ["claude"],
    description: "keeps one of many applications",
    intelligence: "artificial",
    cwd: join(folder, nameOf(n)),
    interfaces: {},
  }));
  writeFileSync(join(root, "peers-profiles.json"), `${JSON.stringify({ version: 2, revision: count, peers }, null, 2)}\n`, {
    mode: 0o600,
  });
}

/** Names that sort as their numbers do. */
export function nameOf(n: number): string {
  return `peer-${String(n).padStart(5, "0")}`;
}

/** An executable sh script in a world. */
export function writeScript({ folder }: World, name: string, body: string): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}
