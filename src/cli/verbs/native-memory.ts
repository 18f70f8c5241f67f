import { isAgentic } from "../../model/runtimes.ts";
import type { ProvisionRow } from "../../provision/attach.ts";
import { switchNative } from "../../provision/native-memory-step.ts";
import { providerTools } from "../../app/app.ts";
import type { Output } from "../output.ts";
import { ALL_PEERS, ONE_PEER } from "../shared-options.ts";
import { renderTable } from "../table.ts";
import { chooseTargets } from "../targets.ts";
import { defineVerb } from "../verb.ts";

export const nativeMemory = defineVerb({
  meta: { name: "native-memory", description: "switch the runtimes' own memory off or on" },
  details:
    "An occupied slot and a runtime's own memory make two stores, so a birth under an occupied slot switches the\n" +
    "runtime's own off. This is the same by hand. Everything else in those settings stays as it was.",
  args: {
    direction: { type: "positional", description: "off or on", choices: ["off", "on"] },
    peer: ONE_PEER,
    all: ALL_PEERS,
  },
  examples: [
    { command: "iapeer native-memory off --all", note: "for peers that were there before the provider" },
    { command: "iapeer native-memory on --peer alice", note: "let claude remember by itself again" },
  ],
  run: async ({ values, positionals }, context) => {
    const { output } = context;
    const { targets } = chooseTargets(nativeMemory, values, context);
    const direction = positionals[0] as "off" | "on";
    const rows: ProvisionRow[] = [];
    for (const target of targets) {
      for (const runtime of target.runtimes.filter(isAgentic)) {
        rows.push(await switchNative(target, runtime, { ...context, direction, tools: providerTools(context) }));
      }
    }
    const isDone = rows.every(({ state }) => state !== "left-alone");
    output.result({ ok: isDone, outcomes: rows }, () => renderRows(rows, output));
    return isDone ? 0 : 1;
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
