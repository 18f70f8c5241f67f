import { dirname } from "node:path";
import { IapeerError } from "../../model/errors.ts";
import { isTerminal } from "../../core/libc.ts";
import { socketPathOf } from "../../core/layout.ts";
import { findTmux, refuseInsecureFolder, withoutTmux } from "../../core/tmux.ts";
import { notLive } from "../../launch/session/session.ts";
import { observeServer } from "../../status/liveness/liveness.ts";
import { usage } from "../strict.ts";
import { chooseIdentity, RUNTIME_OPTION } from "../identity-option.ts";
import { defineVerb } from "../verb.ts";

export const attach = defineVerb({
  meta: { name: "attach", description: "take a peer's session into this terminal" },
  details: "Ctrl-b d leaves it; the peer goes on. It also works inside another tmux.",
  args: {
    personality: { type: "positional", description: "its name", completes: "peers" },
    runtime: RUNTIME_OPTION,
  },
  examples: [{ command: "iapeer attach alice", note: "see her screen and type to her" }],
  run: async ({ positionals, values }, context) => {
    const { layout, env, output } = context;
    const { identity } = chooseIdentity(attach, { personality: positionals[0]!, runtime: values.runtime }, context);
    const state = observeServer(layout, identity);
    if (state.kind !== "ours" && state.kind !== "other") throw notLive(identity, state);
    if (output.isJson) throw usage(attach, "attach has no JSON: it gives the terminal to the session");
    if (!isTerminal(0) || !isTerminal(1))
      throw new IapeerError("usage", "attach needs a terminal", { hint: `for what it printed: iapeer tail ${positionals[0]!}` });
    const socket = state.kind === "ours" ? state.incarnation.socket : socketPathOf(layout, identity);
    refuseInsecureFolder(dirname(socket));
    const argv = [findTmux(), "-S", socket, "attach-session", "-t", `=${identity}`];
    const child = Bun.spawn(argv, { stdio: ["inherit", "inherit", "inherit"], env: withoutTmux(env) });
    const status = await child.exited;
    if (observeServer(layout, identity).kind === "gone")
      output.note(`${identity} has ended; if nobody asked for it: iapeer deaths --peer ${positionals[0]!}`);
    return status;
  },
});
