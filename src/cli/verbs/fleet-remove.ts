import { takeFromFleet } from "../../app/fleet/edit.ts";
import type { Problem } from "../../fleet/file/types.ts";
import { parsePersonality } from "../../model/names.ts";
import { FLEET_FILE } from "../fleet/fleet-file.ts";
import { tellProblems } from "../fleet/problems.ts";
import { printReport } from "../fleet/report.ts";
import { withInterruption } from "../interruption.ts";
import { IF_REVISION, parseRevision } from "../shared-options.ts";
import { defineVerb, type Verb } from "../verb.ts";

export const fleetRemove: Verb = defineVerb({
  meta: { name: "fleet remove", description: "take one agent out of the fleet file, and off this host" },
  details:
    "Its folder stays. The sole orchestrator and the last enhancer stay where the file's policy wants them. An agent that\n" +
    "is live is refused without --force; then the file is not changed either.",
  args: {
    name: { type: "positional", description: "its name", completes: "peers" },
    force: { type: "boolean", description: "stop its live sessions first" },
    file: FLEET_FILE,
    "dry-run": { type: "boolean", description: "say what would be done, and touch nothing" },
    "if-revision": IF_REVISION,
  },
  examples: [
    { command: "iapeer fleet remove tester0", note: "its folder stays" },
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
