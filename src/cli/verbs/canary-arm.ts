import { armIdentity } from "../../launch/canary/canary.ts";
import { chooseIdentity, RUNTIME_OPTION } from "../identity-option.ts";
import { defineVerb } from "../verb.ts";

export const canaryArm = defineVerb({
  meta: { name: "canary arm", description: "give a live server a canary" },
  details: "launch does this by itself, and supervise for a canary that was lost. It also takes back a dismissal.",
  args: {
    personality: { type: "positional", description: "its name", completes: "peers" },
    runtime: RUNTIME_OPTION,
  },
  examples: [{ command: "iapeer canary arm alice", note: "watch her server from now on" }],
  run: async ({ positionals, values }, context) => {
    const { identity } = chooseIdentity(canaryArm, { personality: positionals[0]!, runtime: values.runtime }, context);
    const action = await armIdentity(identity, "manual", context);
    context.output.result({ identity, action }, () =>
      action === "armed" ? `${identity} has a canary` : `${identity} has a canary already`,
    );
    return 0;
  },
});
