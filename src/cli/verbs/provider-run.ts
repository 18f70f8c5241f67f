import { runProviderOnce } from "../../app/provider.ts";
import { parsePersonality, parseRuntime } from "../../model/names.ts";
import type { ProvisionRow } from "../../provision/types.ts";
import { OCCASIONS } from "../../model/provisioning.ts";
import { withInterruption } from "../interruption.ts";
import { renderMemoryState } from "../outcomes.ts";
import { ONE_PEER } from "../shared-options.ts";
import { defineVerb } from "../verb.ts";

export const providerRun = defineVerb({
  meta: { name: "provider run", description: "run one provider command by hand" },
  args: {
    occasion: { type: "positional", description: "why it runs", choices: OCCASIONS },
    peer: { ...ONE_PEER, required: true },
    runtime: {
      type: "string",
      valueHint: "runtime",
      description: "one of its agentic runtimes (default: the peer's default one)",
      completes: "runtimes",
    },
    "dry-run": { type: "boolean", description: "print the argv as JSON, and run nothing" },
  },
  examples: [
    { command: "iapeer provider run birth --peer alice --dry-run", note: "see the command, argument by argument" },
    { command: "iapeer provider run remove --peer alice --runtime claude", note: "detach by hand" },
  ],
  run: async ({ args }, { app, output }) => {
    const request = {
      occasion: args.occasion,
      personality: parsePersonality(args.peer),
      runtime: args.runtime === undefined ? undefined : parseRuntime(args.runtime),
      isDryRun: args["dry-run"],
    };
    return await withInterruption(async ({ signal, exitStatus }) => {
      const report = await runProviderOnce(app, request, signal);
      if (report.kind === "planned") {
        output.text(JSON.stringify(report.argv, null, 2));
        return 0;
      }
      const { row } = report;
      output.result(row, () => `${row.personality} ${row.runtime}: ${renderMemoryState(row, output.colors)}`);
      return exitStatus() ?? statusOf(row);
    });
  },
});

function statusOf({ state }: ProvisionRow): number {
  if (state === "ok") return 0;
  return state === "timeout" ? 6 : 1;
}
