import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isRunning } from "../../src/core/process/processes.ts";
import type { ProcessId } from "../../src/core/process/process-table.ts";
import { signalProcess } from "../../src/core/process/signals.ts";
import { fillRegistry, nameOf, time, writeScript } from "./rig.ts";
import type { Bench, World } from "./row.ts";

/** A world with peers, the first of which are live. */
export interface LiveWorld extends World, AsyncDisposable {
  readonly identities: readonly string[];
  readonly socketOf: (identity: string) => string;
  readonly serverOf: (identity: string) => ProcessId;
  readonly recorderOf: (identity: string) => ProcessId;
  readonly iapeer: (...args: string[]) => Promise<number>;
}

const LAUNCHES_AT_ONCE = 10;

/** Registers peers and launches the first of them, each with an agent that only waits. */
export async function openLiveWorld(
  bench: Bench,
  { peers, live, env = {} }: { peers: number; live: number; env?: Record<string, string> },
): Promise<LiveWorld> {
  const plain = bench.world();
  const world = { ...plain, env: { ...plain.env, ...env, IAPEER_CLAUDE_BIN: writeScript(plain, "agent", "exec sleep 100000") } };
  fillRegistry(world, peers);
  const names = Array.from({ length: live }, (_, n) => nameOf(n));
  names.forEach((name) => mkdirSync(join(world.folder, name), { recursive: true }));
  const iapeer = async (...args: string[]) => await time([bench.binary, ...args], world.env);
  for (let from = 0; from < live; from += LAUNCHES_AT_ONCE) {
    await Promise.all(names.slice(from, from + LAUNCHES_AT_ONCE).map((name) => iapeer("launch", name)));
  }
  const identities = names.map((name) => `claude-${name}`);
  const stateOf = (identity: string, file: string) => readState(world, identity, file);
  const serverOf = (identity: string) => stateOf(identity, "session.json")["server"]!;
  return {
    ...world,
    identities,
    iapeer,
    serverOf,
    socketOf: (identity) => join(world.root, "socks", `tmux-iap-${identity}.sock`),
    recorderOf: (identity) => stateOf(identity, "canary.json")["recorder"]!,
    [Symbol.asyncDispose]: async () => {
      await time([bench.binary, "stop", "--all"], world.env);
    },
  };
}

function readState({ root }: World, identity: string, file: string): Record<string, ProcessId> {
  const folder = join(root, "state", "iapeer", "lifecycle");
  const incarnation = readFileSync(join(folder, `${identity}.session`), "utf8").trim();
  return JSON.parse(readFileSync(join(folder, `${identity}.${incarnation}`, file), "utf8")) as Record<string, ProcessId>;
}

/** Kills the recorder of each server, so that only a client can watch it from now on. */
export async function loseRecorders(world: LiveWorld): Promise<void> {
  const recorders = world.identities.map(world.recorderOf);
  recorders.forEach((recorder) => signalProcess(recorder, "SIGKILL"));
  while (recorders.some(isRunning)) await Bun.sleep(5);
}

/** The files of a folder; empty when there is no such folder. */
export function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}
