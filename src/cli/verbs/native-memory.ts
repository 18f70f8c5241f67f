import { switchOwnMemory } from "../../app/native-memory.ts";
import type { ProvisionRow } from "../../provision/types.ts";
import { withInterruption } from "../interruption.ts";
import type { Output } from "../output.ts";
import { ALL_PEERS, ONE_PEER } from "../shared-options.ts";
import { renderTable } from "../table.ts";
import { parseTargets } from "../targets.ts";
import { defineVerb, type Verb } from "../verb.ts";

export const nativeMemory: Verb = defineVerb({
  meta: { name: "native-memory", description: "switch the runtimes' own memory off or on" },
  details:
    "An occupied slot and a runtime's own memory make two stores. A birth under an occupied slot therefore switches the " +
    "runtime's own off. This command does the same by hand. Every other setting stays as it was.",
  args: {
    direction: { type: "positional", description: "the runtimes' own memory", choices: ["off", "on"] },
    peer: ONE_PEER,
    all: ALL_PEERS,
  },
  examples: [
    { command: "iapeer native-memory off --all", note: "for peers that are older than the provider" },
    { command: "iapeer native-memory on --peer alice", note: "let alice's runtimes remember by themselves again" },
  ],
  run: async ({ args }, { app, output }) => {
    const choice = parseTargets(nativeMemory, args);
    const request = { direction: args.direction, choice };
    const report = await withInterruption(async ({ signal }) => await switchOwnMemory(app, request, signal));
    output.result(report, () => renderRows(report.outcomes, output));
    return report.ok ? 0 : 1;
  },
});

const COLUMNS = [{ title: "PEER" }, { title: "RUNTIME" }, { title: "STATE" }];

function renderRows(rows: readonly ProvisionRow[], { colors }: Output): string {
  if (rows.length === 0) return "no peer with an agentic runtime";
  const cells = rows.map(({ personality, runtime, state, detail }) => [
    personality,
    runtime,
    detail === undefined ? state : `${state} (${detail})`,
  ]);
  return renderTable(COLUMNS, cells, { paintTitle: colors.bold });
}
