import { showHook } from "../../app/canaries.ts";
import { parseAsked, RUNTIME_OPTION } from "../identity-option.ts";
import { defineVerb } from "../verb.ts";

export const hookPaneDied = defineVerb({
  meta: { name: "hook pane-died", description: "print the tmux hook of a peer's session" },
  details:
    "When the agent's own pane dies, the hook logs the exit status or the signal. Then it claims the end and ends the session. " +
    "Any other pane just closes.",
  args: {
    personality: { type: "positional", description: "the peer's name", completes: "peers" },
    runtime: RUNTIME_OPTION,
  },
  examples: [{ command: "iapeer hook pane-died alice", note: "the value that launch gives to tmux set-hook" }],
  run: async ({ args }, { app, output }) => {
    const shown = await showHook(app, parseAsked(args.personality, args.runtime));
    output.result(shown, () => shown.hook);
    return 0;
  },
});
