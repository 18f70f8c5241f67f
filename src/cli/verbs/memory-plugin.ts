import { IapeerError } from "../../core/errors.ts";
import { parsePersonality } from "../../core/names.ts";
import { declaresCommands, isGood, type ProvisionRow } from "../../provision/attach.ts";
import type { Occasion } from "../../provision/occasions.ts";
import { planRows, requireRunnable, sweepMemory } from "../../provision/sweep.ts";
import { requireRow } from "../../registry/edits.ts";
import { type Peer, peersOf } from "../../registry/schema.ts";
import { readRegistry } from "../../registry/store.ts";
import type { Slot } from "../../status/slot-schema.ts";
import { readSlot } from "../../status/slot.ts";
import { provisionContext } from "../birth.ts";
import { parseCount, usage } from "../call.ts";
import type { Context } from "../context.ts";
import { withInterruption } from "../interruption.ts";
import type { Output } from "../output.ts";
import { renderState } from "../outcomes.ts";
import { openProgress } from "../progress.ts";
import { ALL_PEERS, ONE_PEER } from "../shared-options.ts";
import { renderTable } from "../table.ts";
import { defineVerb, type Verb } from "../verb.ts";

const DEFAULT_JOBS = 4;

export const memoryPlugin: Verb = defineVerb({
  name: "memory-plugin",
  summary: "attach or detach the host's memory, for one peer or all",
  description:
    "Runs the provider's command once per peer and agentic runtime. Ctrl-C ends the running commands with all they\n" +
    "started, reports what was done and what was not, and exits 130.",
  options: {
    peer: ONE_PEER,
    all: ALL_PEERS,
    jobs: { type: "string", value: "N", help: `how many commands run at once (default: ${DEFAULT_JOBS})` },
  },
  positionals: [{ name: "direction", help: "on or off", choices: ["on", "off"] }],
  examples: [
    { command: "iapeer memory-plugin on --all --jobs 8", note: "after installing a provider, or a new version of it" },
    { command: "iapeer memory-plugin off --peer alice", note: "one peer without memory" },
  ],
  run: async ({ values, positionals }, context) => {
    const direction = positionals[0] as "on" | "off";
    if ((values.peer === undefined) === (values.all === undefined)) throw usage(memoryPlugin, "memory-plugin takes either --peer P or --all");
    const jobs = parseCount(memoryPlugin, "jobs", values.jobs, { min: 1, max: 256 }) ?? DEFAULT_JOBS;
    const occasion = direction === "on" ? "sweep-on" : values.all ? "off-all" : "off-peer";
    const registry = readRegistry(context.layout);
    const all = peersOf(registry);
    if (values.peer !== undefined) requireRow(registry, parsePersonality(values.peer));
    const targets = values.peer === undefined ? all : all.filter(({ personality }) => personality === values.peer);
    const reading = readSlot(context.layout);
    try {
      const slot = requireRunnable(reading.slot, occasion);
      return await sweep({ slot, occasion, targets, all, jobs }, context);
    } catch (error) {
      if (!(error instanceof IapeerError) || error.exitStatus !== 1) throw error;
      if (context.output.isJson) context.output.result({ ok: false, plugin: reading.slot === undefined ? null : nameOf(reading.slot), error: error.message, outcomes: [] }, () => "");
      reading.problems.filter(({ severity }) => severity === "error").forEach(({ message }) => context.output.warn(`memory slot: ${message}`));
      throw error;
    }
  },
});

interface Sweep {
  readonly slot: Slot;
  readonly occasion: Exclude<Occasion, "birth" | "remove">;
  readonly targets: readonly Peer[];
  readonly all: readonly Peer[];
  readonly jobs: number;
}

/** The provider's name, or the id of its plugin in the older form. */
function nameOf(slot: Slot): string {
  return declaresCommands(slot) || slot.plugin === undefined ? slot.provider : `${slot.plugin.name}@${slot.plugin.marketplace}`;
}

async function sweep({ slot, occasion, targets, all, jobs }: Sweep, context: Context): Promise<number> {
  const { output } = context;
  return await withInterruption(async ({ signal, exitStatus }) => {
    const progress = openProgress(output, targets.flatMap(planRows).length);
    const outcomes = await sweepMemory({ occasion, targets, allTargets: all, jobs, onRow: (row) => progress.step(!isGood(row)) }, provisionContext(context, slot, signal));
    progress.close();
    const bad = outcomes.filter((row) => !isGood(row));
    const interrupted = exitStatus();
    const error = interrupted !== undefined ? "interrupted" : bad.length > 0 ? `${bad.length} of ${outcomes.length} failed` : undefined;
    const json = { ok: bad.length === 0, plugin: nameOf(slot), ...(error !== undefined && { error }), outcomes };
    output.result(json, () => renderSweep(outcomes, output));
    return interrupted ?? (bad.length === 0 ? 0 : 1);
  });
}

function renderSweep(outcomes: readonly ProvisionRow[], { colors }: Output): string {
  if (outcomes.length === 0) return "no peers";
  const cells = outcomes.map((row) => [row.personality, row.runtime, renderState(row, colors)]);
  const good = outcomes.filter(isGood).length;
  const table = renderTable([{ title: "PEER" }, { title: "RUNTIME" }, { title: "STATE" }], cells, { paintTitle: colors.bold });
  return `${table}\n${good} of ${outcomes.length} done`;
}
