import pMap from "p-map";
import { IapeerError } from "../model/errors.ts";
import type { Slot, SlotProblem } from "../status/slot/types.ts";
import {
  agenticRuntimes,
  declaresCommands,
  noteRow,
  type ProvisionContext,
  type ProvisionRow,
  runProviderFor,
  type Target,
} from "./attach.ts";
import { directionOf, type Occasion } from "./occasions.ts";
import { runPluginForm } from "./plugin-form.ts";
import { NOT_RUN, SKIPPED } from "./row-state.ts";

export interface SweepRequest {
  readonly occasion: Exclude<Occasion, "birth" | "remove">;
  /** The peers to go over, in registry order. */
  readonly targets: readonly Target[];
  /** Every peer of the host: codex has one plugin for all. */
  readonly allTargets: readonly Target[];
  /** How many commands run at once. */
  readonly jobs: number;
  /** Told of each row as it ends, in any order. */
  readonly onRow: (row: ProvisionRow) => void;
}

/** The slot, or the refusal that says why there is nothing to run in that direction (contract 5). */
export function requireRunnable(slot: Slot | undefined, occasion: Occasion, problems: readonly SlotProblem[] = []): Slot {
  const insecure = problems.find(({ code }) => code === "slot-insecure");
  if (insecure !== undefined) {
    throw new IapeerError("slot-insecure", insecure.message, {
      hint: "look at what it says; then make the slot's file and the root yours alone to write",
    });
  }
  if (slot === undefined) {
    throw new IapeerError("slot-empty", "memory slot is EMPTY", {
      hint: "a memory provider declares itself in memory-provider.json; see: iapeer provider check",
    });
  }
  const direction = directionOf(occasion);
  if (declaresCommands(slot) && slot[direction] === undefined) {
    throw new IapeerError("slot-direction-missing", `provider "${slot.provider}" declares no ${direction} command`, {
      details: { provider: slot.provider },
    });
  }
  if (!declaresCommands(slot) && slot.plugin === undefined) {
    throw new IapeerError(
      "slot-declares-nothing",
      `provider "${slot.provider}" declares nothing to run: no provision, unprovision or plugin`,
      {
        hint: "see: iapeer provider check",
        details: { provider: slot.provider },
      },
    );
  }
  return slot;
}

/** One row per peer × agentic runtime in the order of the targets, whatever ends first; peers without one get a row that says so. */
export async function sweepMemory(request: SweepRequest, context: ProvisionContext): Promise<ProvisionRow[]> {
  const planned = request.targets.flatMap(planRows);
  planned.filter(({ state }) => state === SKIPPED).forEach(request.onRow);
  const done = declaresCommands(context.slot)
    ? await sweepCommands(planned, request, context)
    : await sweepPlugin(request, context);
  const found = new Map(done.map((row) => [keyOf(row), row]));
  return planned.map((row) => found.get(keyOf(row)) ?? row);
}

/** A target's rows as they stand before anything ran. */
export function planRows(target: Target): ProvisionRow[] {
  const { personality } = target;
  const runtimes = agenticRuntimes(target);
  if (runtimes.length === 0) return [{ personality, runtime: target.runtimes[0] ?? "", state: SKIPPED }];
  return runtimes.map((runtime) => ({ personality, runtime, state: NOT_RUN }));
}

function keyOf({ runtime, personality }: ProvisionRow): string {
  return `${runtime}-${personality}`;
}

async function sweepCommands(
  planned: readonly ProvisionRow[],
  request: SweepRequest,
  context: ProvisionContext,
): Promise<ProvisionRow[]> {
  const targets = new Map(request.targets.map((target) => [target.personality, target]));
  const toRun = planned.filter(({ state }) => state === NOT_RUN);
  return await pMap(
    toRun,
    async (row) => {
      if (context.signal?.aborted) return row;
      const done = await runProviderFor(targets.get(row.personality)!, row.runtime, request.occasion, context);
      request.onRow(done);
      return done;
    },
    { concurrency: request.jobs },
  );
}

async function sweepPlugin(request: SweepRequest, context: ProvisionContext): Promise<ProvisionRow[]> {
  return await runPluginForm({
    direction: directionOf(request.occasion) === "provision" ? "on" : "off",
    scope: request.occasion === "off-all" || request.allTargets.length === request.targets.length ? "all" : "peer",
    targets: request.targets,
    allTargets: request.allTargets,
    plugin: context.slot.plugin!,
    runner: context.tools.runner,
    env: context.env,
    jobs: request.jobs,
    ...(context.signal !== undefined && { signal: context.signal }),
    onRow: (row) => {
      noteRow(row, request.occasion, context);
      request.onRow(row);
    },
  });
}
