import { readComms } from "../../app/fleet/ps.ts";
import { parsePersonality } from "../../model/names.ts";
import { defineVerb } from "../verb.ts";

export const fleetComms = defineVerb({
  meta: { name: "fleet comms", description: "print what an agent is told of the others at its launch" },
  details:
    "The text names the agents of the applied fleet, and says how to reach each of them. For an agent of another host it is " +
    "the text that the agent would get there.",
  args: { agent: { type: "positional", description: "the agent's name", completes: "peers" } },
  examples: [{ command: "iapeer fleet comms alice", note: "the text that alice gets beside the system prompt" }],
  run: async ({ args }, { app, output }) => {
    const comms = readComms(app, parsePersonality(args.agent));
    output.result(comms, () => comms.text);
    return 0;
  },
});
