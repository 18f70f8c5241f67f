import { armPeer } from "../../app/canaries.ts";
import { withInterruption } from "../interruption.ts";
import { parseAsked, RUNTIME_OPTION } from "../identity-option.ts";
import { IF_INCARNATION, parseIncarnation } from "../shared-options.ts";
import { defineVerb, type Verb } from "../verb.ts";

export const canaryArm: Verb = defineVerb({
  meta: { name: "canary arm", description: "give a live server a canary" },
  details: "launch arms a canary by itself, and supervise replaces one that was lost. This command also takes back a dismissal.",
  args: {
    personality: { type: "positional", description: "the peer's name", completes: "peers" },
    runtime: RUNTIME_OPTION,
    "if-incarnation": IF_INCARNATION,
  },
  examples: [{ command: "iapeer canary arm alice", note: "watch alice's server from now on" }],
  run: async ({ args }, { app, output }) => {
    const asked = {
      ...parseAsked(args.personality, args.runtime),
      ifIncarnation: parseIncarnation(canaryArm, args["if-incarnation"]),
    };
    const change = await withInterruption(async ({ signal }) => await armPeer(app, asked, signal));
    const { identity, action } = change;
    output.result(change, () => (action === "armed" ? `${identity} has a canary` : `${identity} has a canary already`));
    return 0;
  },
});
