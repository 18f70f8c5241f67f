import { sweepPeers, toMemoryReportJson } from "../../app/memory-plugin.ts";
import type { ProvisionRow } from "../../provision/types.ts";
import { isGood } from "../../model/provisioning.ts";
import { parseCount } from "../count.ts";
import { withInterruption } from "../interruption.ts";
import { renderMemoryState } from "../outcomes.ts";
import type { Output } from "../output.ts";
import { ALL_PEERS, ONE_PEER } from "../shared-options.ts";
import { renderTable } from "../table.ts";
import { parseTargets } from "../targets.ts";
import { defineVerb, type Verb } from "../verb.ts";

const DEFAULT_JOBS = 4;

export const memoryPlugin: Verb = defineVerb({
  meta: { name: "memory-plugin", description: "attach or detach the host's memory, for one peer or all" },
  details:
    "The provider's command runs once for each peer and agentic runtime. Ctrl-C ends the running commands with all that they " +
    "started. The rows then tell which were done, and the exit status is 130.",
  args: {
    direction: { type: "positional", description: "attach or detach", choices: ["on", "off"] },
    peer: ONE_PEER,
    all: ALL_PEERS,
    jobs: { type: "string", valueHint: "count", description: `how many commands run at once (default: ${DEFAULT_JOBS})` },
  },
  examples: [
    { command: "iapeer memory-plugin on --all --jobs 8", note: "after installing a provider, or a new version of it" },
    { command: "iapeer memory-plugin off --peer alice", note: "one peer without memory" },
  ],
  run: async ({ args }, { app, output }) => {
    const request = {
      jobs: parseCount(memoryPlugin, "jobs", args.jobs, { min: 1, max: 256 }) ?? DEFAULT_JOBS,
      choice: parseTargets(memoryPlugin, args),
      direction: args.direction,
    };
    return await withInterruption(async ({ signal, exitStatus }) => {
      const report = await sweepPeers(app, request, signal);
      const json = toMemoryReportJson(report);
      output.result(json, () => (report.kind === "refused" ? "" : renderSweep(report.outcomes, output)));
      // A program reads the refusal in the result, a person in the error.
      if (report.kind === "refused") throw report.error;
      return exitStatus() ?? (json.ok ? 0 : 1);
    });
  },
});

const COLUMNS = [{ title: "PEER" }, { title: "RUNTIME" }, { title: "STATE" }];

function renderSweep(outcomes: readonly ProvisionRow[], { colors }: Output): string {
  if (outcomes.length === 0) return "no peers";
  const cells = outcomes.map((row) => [row.personality, row.runtime, { painted: renderMemoryState(row, colors) }]);
  const good = outcomes.filter(isGood).length;
  return `${renderTable(COLUMNS, cells, { paintTitle: colors.bold })}\n${good} of ${outcomes.length} done`;
}
