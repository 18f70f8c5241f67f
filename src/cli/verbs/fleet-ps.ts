import { openFleet } from "../../app/fleet/file.ts";
import { lookAtFleet } from "../../app/fleet/ps.ts";
import { needsPerson } from "../../fleet/ps/ps.ts";
import { parseDuration } from "../duration.ts";
import { FLEET_FILE } from "../fleet/fleet-file.ts";
import { tellProblems, withProblemsTold } from "../fleet/problems.ts";
import { renderFleet } from "../fleet/table.ts";
import { watchFleet } from "../fleet/watch.ts";
import { usage } from "../strict.ts";
import { defineVerb, type Verb } from "../verb.ts";

const WITHIN_SECS = 120;
const INTERVAL_SECS = 2;

export const fleetPs: Verb = defineVerb({
  meta: { name: "fleet ps", description: "show how every agent is, and what differs from the file" },
  details:
    "Agents stand in the order of the file. Agents that the file does not declare come last. An agent is healthy when it gave " +
    "a heartbeat in the last two minutes, or in the time of --within.\n" +
    "Exit 0 when every agent of this host is healthy and nothing differs from the file, else 1.",
  args: {
    file: FLEET_FILE,
    within: {
      type: "string",
      valueHint: "duration",
      description: `how old a healthy agent's heartbeat may be (default: ${WITHIN_SECS}s)`,
    },
    watch: { type: "boolean", description: "look again and again, until Ctrl-C" },
    interval: {
      type: "string",
      valueHint: "duration",
      description: `with --watch: the time between two looks (default: ${INTERVAL_SECS}s)`,
    },
  },
  examples: [
    { command: "iapeer fleet ps", note: "the health of each agent, and what differs" },
    { command: "iapeer fleet ps --watch --interval 5s", note: "to leave open in a window" },
    { command: "iapeer fleet ps --json --within 10m", note: "for a script, and for agents that think long" },
  ],
  run: async ({ args }, context) => {
    const { app, output } = context;
    const withinSecs = parseSecs("within", args.within) ?? WITHIN_SECS;
    const intervalSecs = parseSecs("interval", args.interval);
    if (intervalSecs !== undefined && !args.watch) throw usage(fleetPs, "--interval goes with --watch");
    // The screen shows the problems of the file instead of the rows.
    if (args.watch) {
      const look = () => lookAtFleet(app, { fleet: openFleet(app, args.file).fleet, withinSecs });
      return await watchFleet(look, { intervalSecs: intervalSecs ?? INTERVAL_SECS }, context);
    }
    const { fleet, problems } = await withProblemsTold(output, () => openFleet(app, args.file));
    tellProblems(problems, output);
    const rows = lookAtFleet(app, { fleet, withinSecs });
    output.result(rows, () => renderFleet(rows, { colors: output.colors, now: app.now(), width: output.width() }));
    return rows.some(needsPerson) ? 1 : 0;
  },
});

function parseSecs(name: string, text: string | undefined): number | undefined {
  const secs = text === undefined ? undefined : parseDuration(fleetPs, name, text) / 1000;
  if (secs === 0) throw usage(fleetPs, `--${name} takes a second or more, not ${text}`);
  return secs;
}
