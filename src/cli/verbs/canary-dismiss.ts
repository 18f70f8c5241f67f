import { dismissPeer } from "../../app/canaries.ts";
import { withInterruption } from "../interruption.ts";
import { parseAsked, RUNTIME_OPTION } from "../identity-option.ts";
import { defineVerb } from "../verb.ts";

export const canaryDismiss = defineVerb({
  meta: { name: "canary dismiss", description: "take the canary off a live server: its end is wanted from now on" },
  details: "The server itself goes on. stop does this by itself; it is for whoever ends servers by other means.",
  args: {
    personality: { type: "positional", description: "its name", completes: "peers" },
    runtime: RUNTIME_OPTION,
  },
  examples: [
    { command: "iapeer canary dismiss alice", note: "nothing that ends her server is recorded; to take it back: canary arm" },
  ],
  run: async ({ args }, { app, output }) => {
    const asked = parseAsked(args.personality, args.runtime);
    const change = await withInterruption(async ({ signal }) => await dismissPeer(app, asked, signal));
    const { identity, action } = change;
    output.result(change, () =>
      action === "dismissed" ? `dismissed the canary of ${identity}` : `the canary of ${identity} is dismissed already`,
    );
    return 0;
  },
});
