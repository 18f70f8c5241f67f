import { planWatch } from "../../app/attach.ts";
import { usage } from "../strict.ts";
import { parseAsked, RUNTIME_OPTION } from "../identity-option.ts";
import { requireTerminal } from "../terminal.ts";
import { defineVerb, type Verb } from "../verb.ts";

export const watch: Verb = defineVerb({
  meta: { name: "watch", description: "see a peer's session in this terminal, without typing to it" },
  details:
    "Ctrl-b d leaves the session. Other keys do nothing, and other people who are attached see no change. This also works " +
    "inside another tmux.",
  args: {
    personality: { type: "positional", description: "the peer's name", completes: "peers" },
    runtime: RUNTIME_OPTION,
  },
  examples: [{ command: "iapeer watch alice", note: "see alice's screen, and touch nothing" }],
  run: async ({ args }, { app, output }) => {
    const asked = parseAsked(args.personality, args.runtime);
    const { argv, env } = await planWatch(app, asked);
    if (output.isJson) throw usage(watch, "watch has no JSON: it gives the terminal to the session");
    requireTerminal("watch", asked.personality);
    // tmux replaces this process: a child would outlive it and keep the terminal, if this process were killed.
    return process.execve!(argv[0], [...argv], definedIn(env));
  },
});

function definedIn(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
