import { isAgentic, parsePersonality } from "../../core/names.ts";
import type { ProvisionRow } from "../../provision/attach.ts";
import { switchNative } from "../../provision/native-memory-step.ts";
import { requireRow } from "../../registry/edits.ts";
import { peersOf } from "../../registry/schema.ts";
import { readRegistry } from "../../registry/store.ts";
import { usage } from "../call.ts";
import { providerTools } from "../context.ts";
import { ALL_PEERS, ONE_PEER } from "../shared-options.ts";
import { renderTable, tame } from "../table.ts";
import { defineVerb } from "../verb.ts";

export const nativeMemory = defineVerb({
  name: "native-memory",
  summary: "switch the runtimes' own memory off or on",
  description:
    "An occupied slot and a runtime's own memory make two stores, so a birth under an occupied slot switches the\n" +
    "runtime's own off. This is the same by hand. Everything else in those settings stays as it was.",
  options: { peer: ONE_PEER, all: ALL_PEERS },
  positionals: [{ name: "direction", help: "off or on", choices: ["off", "on"] }],
  examples: [
    { command: "iapeer native-memory off --all", note: "for peers that were there before the provider" },
    { command: "iapeer native-memory on --peer alice", note: "let claude remember by itself again" },
  ],
  run: async ({ values, positionals }, context) => {
    if ((values.peer === undefined) === (values.all === undefined)) throw usage(nativeMemory, "native-memory takes either --peer P or --all");
    const { output, layout } = context;
    const registry = readRegistry(layout);
    if (values.peer !== undefined) requireRow(registry, parsePersonality(values.peer));
    const targets = peersOf(registry).filter(({ personality }) => values.peer === undefined || personality === values.peer);
    const rows: ProvisionRow[] = [];
    for (const target of targets) {
      for (const runtime of target.runtimes.filter(isAgentic)) {
        rows.push(await switchNative(target, runtime, { ...context, direction: positionals[0] as "off" | "on", tools: providerTools(context) }));
      }
    }
    const leftAlone = rows.filter(({ state }) => state === "left-alone");
    output.result({ ok: leftAlone.length === 0, outcomes: rows }, () =>
      renderTable([{ title: "PEER" }, { title: "RUNTIME" }, { title: "STATE" }], rows.map((row) => [row.personality, row.runtime, row.detail === undefined ? row.state : `${row.state} (${tame(row.detail)})`]), { paintTitle: output.colors.bold }),
    );
    return leftAlone.length === 0 ? 0 : 1;
  },
});
