import { dirname } from "node:path";
import { IapeerError } from "../../model/errors.ts";
import { isTerminal } from "../../core/libc.ts";
import { findTmux, refuseInsecureFolder, withoutTmux } from "../../core/tmux.ts";
import { notLive, staleIncarnation } from "../../launch/session/session.ts";
import { planView } from "../../launch/view.ts";
import { observeServer } from "../../status/liveness/liveness.ts";
import { usage } from "../strict.ts";
import { chooseIdentity, RUNTIME_OPTION } from "../identity-option.ts";
import { defineVerb, type Verb } from "../verb.ts";

export const watch: Verb = defineVerb({
  meta: { name: "watch", description: "look at a peer's session in this terminal, without typing to it" },
  details:
    "Ctrl-b d leaves it. Keys do nothing else, and others who are attached see no change. It also works inside another tmux.",
  args: {
    personality: { type: "positional", description: "the peer's name", completes: "peers" },
    runtime: RUNTIME_OPTION,
  },
  examples: [{ command: "iapeer watch alice", note: "see her screen, and be sure to touch nothing" }],
  run: async ({ positionals, values }, context) => {
    const { layout, env, output } = context;
    const { identity } = chooseIdentity(watch, { personality: positionals[0]!, runtime: values.runtime }, context);
    const state = observeServer(layout, identity);
    if (state.kind === "other") throw staleIncarnation(identity, state.pid);
    if (state.kind !== "ours") throw notLive(identity, state);
    if (output.isJson) throw usage(watch, "watch has no JSON: it gives the terminal to the session");
    if (!isTerminal(0) || !isTerminal(1))
      throw new IapeerError("usage", "watch needs a terminal", { hint: `for what it printed: iapeer tail ${positionals[0]!}` });
    refuseInsecureFolder(dirname(state.incarnation.socket));
    const tmux = findTmux();
    const argv = [tmux, "-S", state.incarnation.socket, ...(await planView(state.incarnation))];
    // In the place of this program: a child would stay, and keep the terminal, if this program were killed.
    return process.execve!(tmux, argv, definedIn(withoutTmux(env)));
  },
});

function definedIn(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
