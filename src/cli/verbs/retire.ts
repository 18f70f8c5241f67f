import { retireCaller } from "../../app/retire.ts";
import { usage } from "../strict.ts";
import { defineVerb, type Verb } from "../verb.ts";

const MOST_CHARS = 1000;

export const retire: Verb = defineVerb({
  meta: { name: "retire", description: "end the session that this call is made in" },
  details:
    "An agent ends itself. The end is claimed first, so no death is recorded. Another process ends the session, and this call " +
    "exits at once. The peer then shows as stopped, and stays so until it is launched.",
  args: {
    reason: { type: "string", valueHint: "text", description: "why, for lifecycle.log" },
  },
  examples: [{ command: 'iapeer retire --reason "the work is done"', note: "the last call of an agent" }],
  run: async ({ args }, { app, output }) => {
    if ((args.reason?.length ?? 0) > MOST_CHARS) throw usage(retire, `--reason takes ${MOST_CHARS} characters at most`);
    const report = await retireCaller(app, { reason: args.reason });
    output.result(report, () => `retiring ${report.identity}: its session ends now`);
    return 0;
  },
});
