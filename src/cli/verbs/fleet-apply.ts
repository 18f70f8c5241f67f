import { parseCount } from "../count.ts";
import { applyFleet, DEFAULT_JOBS } from "../../app/fleet/apply.ts";
import { FLEET_FILE } from "../fleet/fleet-file.ts";
import { withProblemsTold } from "../fleet/problems.ts";
import { printReport } from "../fleet/report.ts";
import { withInterruption } from "../interruption.ts";
import { DRY_RUN, IF_APPLIED, parseRevision } from "../shared-options.ts";
import { defineVerb, type Verb } from "../verb.ts";

export const fleetApply: Verb = defineVerb({
  meta: { name: "fleet apply", description: "make this host match the fleet file" },
  details:
    "The whole file is checked before anything changes. Then each agent that differs is added or updated. An apply that was " +
    "interrupted goes on when you run it again. An apply with nothing to do writes nothing. Agents of other hosts are only " +
    "noted.\nExit 1 where something failed, 2 where the file has an error.",
  makesRoot: true,
  args: {
    file: FLEET_FILE,
    "dry-run": DRY_RUN,
    prune: { type: "boolean", description: "remove agents that the file no longer declares; live ones are refused" },
    "allow-empty": { type: "boolean", description: "with --prune: also where the file declares no agent of this host" },
    start: { type: "boolean", description: "launch every agent of this host that is not live" },
    jobs: { type: "string", valueHint: "count", description: `how many agents at once (default: ${DEFAULT_JOBS})` },
    "if-revision": IF_APPLIED,
  },
  examples: [
    { command: "iapeer fleet apply --dry-run", note: "see the changes first" },
    { command: "iapeer fleet apply --prune --start", note: "exactly this fleet, and all of it live" },
  ],
  run: async ({ args }, { app, output }) => {
    const request = {
      file: args.file,
      isPruned: () => args.prune,
      mayEmpty: args["allow-empty"],
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
