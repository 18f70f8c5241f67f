import { hasErrors } from "../../fleet/file/problems.ts";
import { fleetPath, type FleetReading, readFleet } from "../../fleet/file/read.ts";
import { surroundingsOf } from "../../fleet/file/surroundings.ts";
import type { Colors } from "../colors.ts";
import { noFleetFile } from "../fleet/fleet-file.ts";
import { countProblems, renderProblem } from "../fleet/problems.ts";
import { tame } from "../../model/characters.ts";
import { defineVerb } from "../verb.ts";

export const fleetCheck = defineVerb({
  meta: { name: "fleet check", description: "find every problem in a fleet file" },
  details: "Without FILE, $IAPEER_FLEET, else fleet.yaml in the root. Exit 2 on an error; a warning alone is exit 0.",
  args: {
    file: { type: "positional", description: "a fleet file", required: false, completes: "files" },
  },
  examples: [
    { command: "iapeer fleet check", note: "the fleet file of this host" },
    { command: "iapeer fleet check fleet.yaml", note: "one that is being written" },
  ],
  run: async ({ positionals }, { layout, env, output }) => {
    const file = positionals[0] ?? fleetPath(layout, env);
    const reading = readFleet(file, surroundingsOf(layout, env));
    if (reading.isMissing) throw noFleetFile(file);
    const { problems } = reading;
    const ok = !hasErrors(problems);
    output.result({ ok, file, problems }, () => renderProblems(file, reading, output.colors));
    return ok ? 0 : 2;
  },
});

function renderProblems(file: string, { fleet, problems }: FleetReading, colors: Colors): string {
  const lines = problems.flatMap((problem) => renderProblem(problem, colors));
  const counts = countProblems(problems);
  const agents = fleet?.agents.length;
  const fleetWords = agents === undefined ? "no fleet" : `${agents} ${agents === 1 ? "agent" : "agents"}`;
  return [...lines, tame(`${file}: ${fleetWords}, ${counts}`)].join("\n");
}
