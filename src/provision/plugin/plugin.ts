import pMap from "p-map";
import { isSameFolder } from "../../core/disk/same-folder.ts";
import { type AgenticRuntime, isAgentic, RUNTIMES } from "../../model/runtimes.ts";
import type { Target } from "../types.ts";
import { openPlugin, type PluginChange } from "./change.ts";
import type { PluginContext, PluginResult } from "./cli.ts";

/** The peers that a plugin is installed for ("on"), or removed for ("off"). */
export interface PluginSweep extends PluginContext {
  readonly direction: "on" | "off";
  /** The peers to go over, in registry order. */
  readonly targets: readonly Target[];
  /** Other peers that go on to need the plugin, where they have it from the same place. */
  readonly others: readonly Target[];
  /** How many command lines run at once. */
  readonly jobs: number;
  /** Called with each row as it ends, in any order. */
  readonly onRow: (row: PluginRow) => void;
}

export interface PluginRow extends PluginResult {
  readonly personality: string;
  readonly runtime: AgenticRuntime;
}

export interface PluginPlan {
  readonly personality: string;
  readonly runtime: AgenticRuntime;
  /** The peer's folder; undefined where the runtime has the plugin once for the host. */
  readonly folder: string | undefined;
  /** `follow`: an earlier row changes it for the whole host. `keep`: nothing is changed, since other peers need it. */
  readonly does: "change" | "follow" | "keep";
  /** The peers that it is kept for. */
  readonly keptFor: readonly string[];
}

/** Plans a row for each target and agentic runtime, in the order of the targets. */
export function planPluginSweep(sweep: Pick<PluginSweep, "direction" | "targets" | "others">): PluginPlan[] {
  const { direction, targets, others } = sweep;
  const changed = new Set<AgenticRuntime>();
  return targets.flatMap(({ personality, cwd, runtimes }) =>
    runtimes.filter(isAgentic).map((runtime): PluginPlan => {
      const isPerFolder = RUNTIMES[runtime].plugins.per === "folder";
      const isNeeding = (other: Target) => !isPerFolder || isSameFolder(other.cwd, cwd);
      const keptFor = direction === "off" ? namesWith(runtime, others.filter(isNeeding)) : [];
      const first = !isPerFolder && changed.has(runtime) ? "follow" : "change";
      changed.add(runtime);
      return {
        personality,
        runtime,
        folder: isPerFolder ? cwd : undefined,
        does: keptFor.length > 0 ? "keep" : first,
        keptFor,
      };
    }),
  );
}

function namesWith(runtime: AgenticRuntime, targets: readonly Target[]): string[] {
  return targets.filter(({ runtimes }) => runtimes.includes(runtime)).map(({ personality }) => personality);
}

/**
 * Installs or removes the plugin for all targets: the older form of a memory provider (contract 5). It never throws.
 *
 * @returns a row for each planned one, in that order. After the signal, rows that were not started are left out.
 */
export async function runPluginSweep(sweep: PluginSweep): Promise<PluginRow[]> {
  const { direction, jobs, signal, onRow } = sweep;
  const changes = openChanges(sweep);
  const run = async ({ runtime, folder, does, keptFor }: PluginPlan): Promise<PluginResult> => {
    if (does === "keep") return keep(runtime, folder, keptFor);
    const result = await changes(runtime)(direction, folder);
    return does === "follow" ? follow(result) : result;
  };
  const rows = await pMap(
    planPluginSweep(sweep),
    async (planned) => {
      if (signal.aborted) return undefined;
      const row: PluginRow = { personality: planned.personality, runtime: planned.runtime, ...(await run(planned)) };
      onRow(row);
      return row;
    },
    { concurrency: jobs, stopOnError: false },
  );
  return rows.filter((row) => row !== undefined);
}

/** Each runtime is opened once. A change for the whole host is made once, and its result is shared. */
function openChanges(context: PluginContext): (runtime: AgenticRuntime) => PluginChange {
  const opened = new Map<AgenticRuntime, PluginChange>();
  return (runtime) => {
    const known = opened.get(runtime);
    if (known !== undefined) return known;
    const change = openPlugin(runtime, context);
    const shared = RUNTIMES[runtime].plugins.per === "host" ? once(change) : change;
    opened.set(runtime, shared);
    return shared;
  };
}

function once(change: PluginChange): PluginChange {
  let result: Promise<PluginResult> | undefined;
  return async (direction, folder) => await (result ??= change(direction, folder));
}

function keep(runtime: AgenticRuntime, folder: string | undefined, names: readonly string[]): PluginResult {
  const place = folder === undefined ? "the host" : "the folder";
  return { state: "already", detail: `${runtime} has it once for ${place}, and needs it for: ${names.join(", ")}` };
}

/** A failure for the host is a failure for this peer too. */
function follow(first: PluginResult): PluginResult {
  return first.state === "failed" || first.state === "runtime-missing" ? first : { state: "already" };
}
