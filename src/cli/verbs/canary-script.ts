import { findTmux } from "../../core/tmux.ts";
import { graceFrom, renderCanaryScript, scriptOf } from "../../launch/canary/script.ts";
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
    const { layout, env, output } = context;
    const sample = readSample(canaryScript, { personality: positionals[0]!, runtime: values.runtime }, context);
    const text = renderCanaryScript({
      ...scriptOf(sample),
      layout,
      platform: process.platform,
      tmux: findTmux(),
      witness: "client",
      graceMs: graceFrom(env),
    });
    output.result({ identity: sample.identity, script: text }, () => text);
    return 0;
  },
});
