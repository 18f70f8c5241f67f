import { readComms } from "../../app/fleet/ps.ts";
import { parsePersonality } from "../../model/names.ts";
import { defineVerb } from "../verb.ts";

export const fleetComms = defineVerb({
  meta: { name: "fleet comms", description: "print what an agent is told at its launch: who is there, and how to reach them" },
  details: "By the fleet as it was last applied. One of another host can be named too: what it would be told there.",
  args: {
    agent: { type: "positional", description: "its name", completes: "peers" },
  },
  examples: [{ command: "iapeer fleet comms alice", note: "what alice's runtime gets beside its system prompt" }],
  run: async ({ args }, { app, output }) => {
    const comms = readComms(app, parsePersonality(args.agent));
    output.result(comms, () => comms.text);
    return 0;
  },
});
