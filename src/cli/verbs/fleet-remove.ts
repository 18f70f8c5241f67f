import { takeFromFleet } from "../../app/fleet/edit.ts";
import type { Problem } from "../../fleet/file/types.ts";
import { parsePersonality } from "../../model/names.ts";
import { FLEET_FILE } from "../fleet/fleet-file.ts";
import { tellProblems } from "../fleet/problems.ts";
import { printReport } from "../fleet/report.ts";
import { withInterruption } from "../interruption.ts";
import { DRY_RUN, IF_APPLIED, parseRevision } from "../shared-options.ts";
import { defineVerb, type Verb } from "../verb.ts";

export const fleetRemove: Verb = defineVerb({
  meta: { name: "fleet remove", description: "take one agent out of the fleet file, and off this host" },
  details:
    "The agent's folder stays. The only orchestrator and the last enhancer stay while the file's policy wants them. A live " +
    "agent is refused without --force, and then the file does not change either.",
  args: {
    name: { type: "positional", description: "the agent's name", completes: "peers" },
    force: { type: "boolean", description: "stop its live sessions first" },
    file: FLEET_FILE,
    "dry-run": DRY_RUN,
    "if-revision": IF_APPLIED,
  },
  examples: [
    { command: "iapeer fleet remove tester0", note: "tester0's folder stays" },
    { command: "iapeer fleet remove tester0 --force", note: "live or not" },
  ],
  run: async ({ args }, { app, output }) => {
    const request = {
      name: parsePersonality(args.name),
      file: args.file,
      isForced: args.force,
      isDryRun: args["dry-run"],
      ifRevision: parseRevision(fleetRemove, args["if-revision"]),
      onProblems: (problems: readonly Problem[]) => tellProblems(problems, output),
    };
    return await withInterruption(async ({ signal, exitStatus }) => {
      const report = await takeFromFleet(app, request, signal);
      printReport(report, { app, output });
      return exitStatus() ?? (report.ok ? 0 : 1);
    });
  },
});
