import { IapeerError } from "../../model/errors.ts";
import { parsePersonality } from "../../model/names.ts";
import { readApplied } from "../../fleet/applied.ts";
import { planComms, renderComms, renderSend, renderWatch } from "../../fleet/comms.ts";
import { readHere } from "../../app/launch-plan.ts";
import { defineVerb } from "../verb.ts";

export const fleetComms = defineVerb({
  meta: { name: "fleet comms", description: "print what an agent is told at its launch: who is there, and how to reach them" },
  details: "By the fleet as it was last applied. One of another host can be named too: what it would be told there.",
  args: {
    agent: { type: "positional", description: "its name", completes: "peers" },
  },
  examples: [{ command: "iapeer fleet comms alice", note: "what alice's runtime gets beside its system prompt" }],
  run: async ({ positionals }, { layout, output }) => {
    const name = parsePersonality(positionals[0]!);
    const fleet = readApplied(layout);
    if (fleet === undefined)
      throw new IapeerError("fleet-not-applied", "no fleet was ever applied here", { hint: "apply one: iapeer fleet apply" });
    const comms = planComms(fleet, name, readHere());
    const text = renderComms(comms);
    const peers = comms.peers.map((one) => ({ ...one, send: renderSend(one), watch: renderWatch(one) }));
    output.result({ ...comms, peers, text }, () => text);
    return 0;
  },
});
