import { checkFleetFile, countProblems, type FleetCheck } from "../../app/fleet/file.ts";
import { tame } from "../../model/characters.ts";
import type { Colors } from "../colors.ts";
import { renderProblem } from "../fleet/problems.ts";
import { defineVerb } from "../verb.ts";

export const fleetCheck = defineVerb({
  meta: { name: "fleet check", description: "find every problem in a fleet file" },
  details: "Exit 2 on an error. A warning alone is exit 0.",
  args: {
    file: {
      type: "positional",
      description: "the file (default: $IAPEER_FLEET, else fleet.yaml in the root)",
      required: false,
      completes: "files",
    },
  },
  examples: [
    { command: "iapeer fleet check", note: "the fleet file of this host" },
    { command: "iapeer fleet check fleet.yaml", note: "a file that you are writing" },
  ],
  run: async ({ args }, { app, output }) => {
    const { check, agents } = checkFleetFile(app, args.file);
    output.result(check, () => renderCheck(check, agents, output.colors));
    return check.ok ? 0 : 2;
  },
});

function renderCheck({ file, problems }: FleetCheck, agents: number | undefined, colors: Colors): string {
  const lines = problems.flatMap((problem) => renderProblem(problem, colors));
  const fleetWords = agents === undefined ? "no fleet" : `${agents} ${agents === 1 ? "agent" : "agents"}`;
  return [...lines, tame(`${file}: ${fleetWords}, ${countProblems(problems)}`)].join("\n");
}
