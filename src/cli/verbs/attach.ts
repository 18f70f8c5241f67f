import { hasEnded, planAttach } from "../../app/attach.ts";
import { usage } from "../strict.ts";
import { parseAsked, RUNTIME_OPTION } from "../identity-option.ts";
import { requireTerminal } from "../terminal.ts";
import { defineVerb, type Verb } from "../verb.ts";

export const attach: Verb = defineVerb({
  meta: { name: "attach", description: "open a peer's session in this terminal" },
  details: "Ctrl-b d leaves the session, and the peer goes on. This also works inside another tmux.",
  args: {
    personality: { type: "positional", description: "the peer's name", completes: "peers" },
    runtime: RUNTIME_OPTION,
  },
  examples: [{ command: "iapeer attach alice", note: "see alice's screen and type to it" }],
  run: async ({ args }, { app, output }) => {
    const asked = parseAsked(args.personality, args.runtime);
    const plan = await planAttach(app, asked);
    if (output.isJson) throw usage(attach, "attach has no JSON: it gives the terminal to the session");
    requireTerminal("attach", asked.personality);
    const child = Bun.spawn([...plan.argv], { stdio: ["inherit", "inherit", "inherit"], env: plan.env });
    const status = await child.exited;
    if (hasEnded(app, plan))
      output.note(`${plan.identity} has ended; if nobody asked for it: iapeer deaths --peer ${asked.personality}`);
    return status;
  },
});
