import { renderRecorderFor } from "../../launch/recorder/recorder.ts";
import { readSample } from "../../app/session-sample.ts";
import { RUNTIME_OPTION } from "../identity-option.ts";
import { defineVerb } from "../verb.ts";

export const canaryScript = defineVerb({
  meta: { name: "canary script", description: "print the script that watches a peer's server" },
  details: "It is what a server that runs now is watched with, through a client; for a peer that is not live it holds no pid.",
  args: {
    personality: { type: "positional", description: "its name", completes: "peers" },
    runtime: RUNTIME_OPTION,
  },
  examples: [{ command: "iapeer canary script alice", note: "read it before you trust it" }],
  run: async ({ positionals, values }, context) => {
    const sample = readSample(canaryScript, { personality: positionals[0]!, runtime: values.runtime }, context);
    const text = renderRecorderFor(sample, { witness: "client" }, context);
    context.output.result({ identity: sample.identity, script: text }, () => text);
    return 0;
  },
});
