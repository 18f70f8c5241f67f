import type { ProcessInfo } from "../../src/core/process/process-table.ts";
import { listProcesses } from "../../src/core/process/processes.ts";
import { rootOf } from "../support/session.ts";

/** Every process of this machine at one moment. */
export interface Look {
  readonly table: readonly ProcessInfo[];
  /** The processes with a root in their environment. Zombies are left out. */
  readonly ofRoot: (root: string) => readonly ProcessInfo[];
}

const PAUSE_MS = 120;

let next: Promise<Look> | undefined;

/** The next look, which all scenes that wait for one share: a look reads every process, and is dear. */
export async function nextLook(): Promise<Look> {
  next ??= Bun.sleep(PAUSE_MS).then(look);
  return await next;
}

function look(): Look {
  next = undefined;
  const table = listProcesses();
  const living = table.filter(({ isZombie }) => !isZombie);
  const byRoot = Map.groupBy(living, ({ pid }) => rootOf(pid));
  return { table, ofRoot: (root) => byRoot.get(root) ?? [] };
}
