import { parseCount } from "../count.ts";
import { applyFleet, DEFAULT_JOBS } from "../../app/fleet/apply.ts";
import { FLEET_FILE } from "../fleet/fleet-file.ts";
import { withProblemsTold } from "../fleet/problems.ts";
import { printReport } from "../fleet/report.ts";
import { withInterruption } from "../interruption.ts";
import { IF_REVISION, parseRevision } from "../shared-options.ts";
import { defineVerb, type Verb } from "../verb.ts";

export const fleetApply: Verb = defineVerb({
  meta: { name: "fleet apply", description: "make this host match the fleet file" },
  details:
    "Everything is checked before anything is touched; then each agent that is not as declared is added or updated, and\n" +
    "told of. Run again it goes on where it stopped; with nothing to do it writes nothing. Agents of other hosts are\n" +
    "only noted. Exit 1 where something failed, 2 for a fleet file with an error.",
  args: {
    file: FLEET_FILE,
    "dry-run": { type: "boolean", description: "say what would be done, and touch nothing" },
    prune: {
      type: "boolean",
      description: "remove the agents that were applied before and are declared no more; live ones are refused",
    },
    start: { type: "boolean", description: "launch every agent of this host that is not live" },
    jobs: { type: "string", valueHint: "n", description: `how many agents at once (default: ${DEFAULT_JOBS})` },
    "if-revision": IF_REVISION,
  },
  examples: [
    { command: "iapeer fleet apply --dry-run", note: "what would change" },
    { command: "iapeer fleet apply --prune --start", note: "exactly this fleet, and all of it live" },
  ],
  run: async ({ args }, { app, output }) => {
    const request = {
      file: args.file,
      isPruned: () => args.prune,
      isForced: false,
      isStarted: () => args.start,
      isDryRun: args["dry-run"],
      jobs: parseCount(fleetApply, "jobs", args.jobs, { min: 1, max: 256 }) ?? DEFAULT_JOBS,
      ifRevision: parseRevision(fleetApply, args["if-revision"]),
    };
    return await withInterruption(async ({ signal, exitStatus }) => {
      const report = await withProblemsTold(output, async () => await applyFleet(app, request, signal));
      printReport(report, { app, output });
      return exitStatus() ?? (report.ok ? 0 : 1);
    });
  },
});
