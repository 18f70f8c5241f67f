import { script } from "@bomb.sh/tab";
import bashScript from "../bash-completion.sh" with { type: "text" };
import { defineVerb } from "../verb.ts";

const SHELLS = ["bash", "zsh", "fish"];

export const completions = defineVerb({
  meta: { name: "completions", description: "print the completion script of a shell" },
  details: "The script completes commands, options and the names of peers.",
  args: { shell: { type: "positional", description: "the shell", choices: SHELLS } },
  examples: [
    { command: "source <(iapeer completions bash)", note: "in ~/.bashrc" },
    { command: "source <(iapeer completions zsh)", note: "in ~/.zshrc, after compinit" },
    { command: "iapeer completions fish > ~/.config/fish/completions/iapeer.fish", note: "once, for fish" },
  ],
  run: async ({ args }, { output }) => {
    const shell = args.shell;
    // The library's script for bash needs the package bash-completion, and evaluates the typed words.
    if (shell === "bash") output.text(bashScript);
    // The library prints its scripts itself.
    else script(shell, "iapeer", "iapeer");
    return 0;
  },
});
