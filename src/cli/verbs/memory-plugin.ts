import { IapeerError } from "../../model/errors.ts";
import { declaresCommands, type ProvisionRow } from "../../provision/attach.ts";
import { isGood } from "../../provision/row-state.ts";
import type { Occasion } from "../../provision/occasions.ts";
import { planRows, requireRunnable, sweepMemory } from "../../provision/sweep.ts";
import { readSlot } from "../../status/slot/slot.ts";
import type { Slot, SlotReading } from "../../status/slot/types.ts";
import { provisionContext } from "../../app/peers/birth.ts";
import { parseCount } from "../count.ts";
import type { Context } from "../../app/app.ts";
import { withInterruption } from "../interruption.ts";
import { renderState, warnOfSlot } from "../outcomes.ts";
import type { Output } from "../output.ts";
import { openProgress } from "../progress.ts";
import { clearGone } from "../../app/peers/removal.ts";
import { ALL_PEERS, ONE_PEER } from "../shared-options.ts";
import { renderTable } from "../table.ts";
import { chooseTargets, type Targets, withoutLeaving } from "../targets.ts";
import { defineVerb, type Verb } from "../verb.ts";

const DEFAULT_JOBS = 4;

export const memoryPlugin: Verb = defineVerb({
  meta: { name: "memory-plugin", description: "attach or detach the host's memory, for one peer or all" },
  details:
    "Runs the provider's command once per peer and agentic runtime. Ctrl-C ends the running commands with all they\n" +
    "started, reports what was done and what was not, and exits 130.",
  args: {
    direction: { type: "positional", description: "on or off", choices: ["on", "off"] },
    peer: ONE_PEER,
    all: ALL_PEERS,
    jobs: { type: "string", valueHint: "n", description: `how many commands run at once (default: ${DEFAULT_JOBS})` },
  },
  examples: [
    { command: "iapeer memory-plugin on --all --jobs 8", note: "after installing a provider, or a new version of it" },
    { command: "iapeer memory-plugin off --peer alice", note: "one peer without memory" },
  ],
  run: async ({ values, positionals }, context) => {
    const jobs = parseCount(memoryPlugin, "jobs", values.jobs, { min: 1, max: 256 }) ?? DEFAULT_JOBS;
    const chosen = chooseTargets(memoryPlugin, values, context);
    const targets = positionals[0] === "on" ? withoutLeaving(chosen, values.peer !== undefined) : chosen;
    const occasion = positionals[0] === "on" ? "sweep-on" : values.all ? "off-all" : "off-peer";
    const slot = requireSlot(occasion, context);
    return await sweep({ ...targets, slot, occasion, jobs }, context);
  },
});

/** The slot, or the refusal: said as a result too, since a caller reads that. */
function requireSlot(occasion: Occasion, { layout, output }: Context): Slot {
  const reading = readSlot(layout);
  try {
    return requireRunnable(reading.slot, occasion, reading.problems);
  } catch (error) {
    if (error instanceof IapeerError) reportRefusal(error, reading, output);
    throw error;
  }
}

function reportRefusal({ message }: IapeerError, { slot, problems }: SlotReading, output: Output): void {
  const plugin = slot === undefined ? null : nameOf(slot);
  output.result({ ok: false, plugin, error: message, outcomes: [] }, () => "");
  warnOfSlot(
    problems.filter(({ code }) => code !== "slot-insecure"),
    output,
  );
}

/** The provider's name, or the id of its plugin in the older form. */
function nameOf(slot: Slot): string {
  return declaresCommands(slot) || slot.plugin === undefined ? slot.provider : `${slot.plugin.name}@${slot.plugin.marketplace}`;
}

interface Sweep extends Targets {
  readonly slot: Slot;
  readonly occasion: Exclude<Occasion, "birth" | "remove">;
  readonly jobs: number;
}

async function sweep(plan: Sweep, context: Context): Promise<number> {
  const { output } = context;
  return await withInterruption(async ({ signal, exitStatus }) => {
    const outcomes = await runWithProgress(plan, signal, context);
    if (!signal.aborted) await clearGone(plan.targets, plan.occasion === "sweep-on", context);
    const failed = outcomes.filter((row) => !isGood(row)).length;
    const error = exitStatus() !== undefined ? "interrupted" : failed > 0 ? `${failed} of ${outcomes.length} failed` : undefined;
    const json = { ok: error === undefined, plugin: nameOf(plan.slot), ...(error !== undefined && { error }), outcomes };
    output.result(json, () => renderSweep(outcomes, output));
    return exitStatus() ?? (failed === 0 ? 0 : 1);
  });
}

async function runWithProgress({ slot, ...plan }: Sweep, signal: AbortSignal, context: Context): Promise<ProvisionRow[]> {
  const progress = openProgress(context.output, plan.targets.flatMap(planRows).length);
  const onRow = (row: ProvisionRow) => progress.step(!isGood(row));
  try {
    return await sweepMemory({ ...plan, allTargets: plan.all, onRow }, provisionContext(context, slot, signal));
  } finally {
    progress.close();
  }
}

const COLUMNS = [{ title: "PEER" }, { title: "RUNTIME" }, { title: "STATE" }];

function renderSweep(outcomes: readonly ProvisionRow[], { colors }: Output): string {
  if (outcomes.length === 0) return "no peers";
  const cells = outcomes.map((row) => [row.personality, row.runtime, { painted: renderState(row, colors) }]);
  const good = outcomes.filter(isGood).length;
  return `${renderTable(COLUMNS, cells, { paintTitle: colors.bold })}\n${good} of ${outcomes.length} done`;
}
