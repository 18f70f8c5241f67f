import { showCanaryScript } from "../../app/canaries.ts";
import { parseAsked, RUNTIME_OPTION } from "../identity-option.ts";
import { defineVerb } from "../verb.ts";

export const canaryScript = defineVerb({
  meta: { name: "canary script", description: "print the script that watches a peer's server" },
  details: "It is the script for a server that runs now. For a peer that is not live it holds no pid.",
  args: {
    personality: { type: "positional", description: "the peer's name", completes: "peers" },
    runtime: RUNTIME_OPTION,
  },
  examples: [{ command: "iapeer canary script alice", note: "read it before you trust it" }],
  run: async ({ args }, { app, output }) => {
    const shown = await showCanaryScript(app, parseAsked(args.personality, args.runtime));
    output.result(shown, () => shown.script);
    return 0;
  },
});
