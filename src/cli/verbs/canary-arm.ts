import { armPeer } from "../../app/canaries.ts";
import { parseAsked, RUNTIME_OPTION } from "../identity-option.ts";
import { defineVerb } from "../verb.ts";

export const canaryArm = defineVerb({
  meta: { name: "canary arm", description: "give a live server a canary" },
  details: "launch does this by itself, and supervise for a canary that was lost. It also takes back a dismissal.",
  args: {
    personality: { type: "positional", description: "its name", completes: "peers" },
    runtime: RUNTIME_OPTION,
  },
  examples: [{ command: "iapeer canary arm alice", note: "watch her server from now on" }],
  run: async ({ args }, { app, output }) => {
    const change = await armPeer(app, parseAsked(args.personality, args.runtime));
    const { identity, action } = change;
    output.result(change, () => (action === "armed" ? `${identity} has a canary` : `${identity} has a canary already`));
    return 0;
  },
});
