import { dismissPeer } from "../../app/canaries.ts";
import { withInterruption } from "../interruption.ts";
import { parseAsked, RUNTIME_OPTION } from "../identity-option.ts";
import { defineVerb } from "../verb.ts";

export const canaryDismiss = defineVerb({
  meta: { name: "canary dismiss", description: "take the canary off a live server" },
  details:
    "The end of the server is wanted from then on, and is not recorded. The server itself goes on. stop dismisses the " +
    "canary by itself; use this before you end a server in another way.",
  args: {
    personality: { type: "positional", description: "the peer's name", completes: "peers" },
    runtime: RUNTIME_OPTION,
  },
  examples: [{ command: "iapeer canary dismiss alice", note: "canary arm takes it back" }],
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
