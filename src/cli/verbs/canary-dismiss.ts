import { dismissPeer } from "../../app/canaries.ts";
import { withInterruption } from "../interruption.ts";
import { parseAsked, RUNTIME_OPTION } from "../identity-option.ts";
import { IF_INCARNATION, parseIncarnation } from "../shared-options.ts";
import { defineVerb, type Verb } from "../verb.ts";

export const canaryDismiss: Verb = defineVerb({
  meta: { name: "canary dismiss", description: "take the canary off a live server" },
  details:
    "The end of the server is wanted from then on, and is not recorded. The server itself goes on. stop dismisses the " +
    "canary by itself; use this before you end a server in another way.",
  args: {
    personality: { type: "positional", description: "the peer's name", completes: "peers" },
    runtime: RUNTIME_OPTION,
    "if-incarnation": IF_INCARNATION,
  },
  examples: [{ command: "iapeer canary dismiss alice", note: "canary arm takes it back" }],
  run: async ({ args }, { app, output }) => {
    const asked = {
      ...parseAsked(args.personality, args.runtime),
      ifIncarnation: parseIncarnation(canaryDismiss, args["if-incarnation"]),
    };
    const change = await withInterruption(async ({ signal }) => await dismissPeer(app, asked, signal));
    const { identity, action } = change;
    output.result(change, () =>
      action === "dismissed" ? `dismissed the canary of ${identity}` : `the canary of ${identity} is dismissed already`,
    );
    return 0;
  },
});
