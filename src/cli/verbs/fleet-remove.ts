import { IapeerError } from "../../model/errors.ts";
import { parsePersonality } from "../../model/names.ts";
import type { Layout } from "../../core/layout.ts";
import { readApplied } from "../../fleet/applied.ts";
import { removeAgent } from "../../fleet/edit/edit.ts";
import type { Context } from "../../app/app.ts";
import { DEFAULT_JOBS } from "../../app/fleet/apply.ts";
import { editAndApply } from "../../app/fleet/edit-file.ts";
import { FLEET_FILE } from "../fleet/fleet-file.ts";
import { printReport } from "../fleet/report.ts";
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
  run: async ({ values, positionals }, context) => {
    const name = parsePersonality(positionals[0]!);
    const ifRevision = parseRevision(fleetRemove, values["if-revision"]);
    const isDryRun = values["dry-run"] === true;
    const options = {
      isPruned: (one: string) => one === name,
      isForced: values.force === true,
      isStarted: () => false,
      isDryRun,
      jobs: DEFAULT_JOBS,
      ifRevision,
    };
    const { report, status } = await editAndApply(
      { file: values.file, agent: name, edit: (text) => withoutAgent(text, name, context) },
      options,
      context,
    );
    printReport(report, context);
    return status;
  },
});

/** Of an agent that the file has no more, and whose removal did not come to its end, the text stays. */
function withoutAgent(text: string, name: string, { layout }: Context): string {
  try {
    return removeAgent(text, name);
  } catch (error) {
    const isNotThere = error instanceof IapeerError && error.code === "agent-not-found";
    if (isNotThere && hasApplied(name, layout)) return text;
    throw error;
  }
}

function hasApplied(name: string, layout: Layout): boolean {
  const applied = readApplied(layout);
  return [...(applied?.agents ?? []), ...(applied?.left ?? [])].some((one) => one.name === name);
}
