import { readPeerScreen, toScreenJson } from "../../app/screen.ts";
import { parseAsked, RUNTIME_OPTION } from "../identity-option.ts";
import { defineVerb } from "../verb.ts";

export const screen = defineVerb({
  meta: { name: "screen", description: "print what is on a peer's screen now" },
  details:
    "The session gets no key, and keeps its size and its modes. Blank rows at the end are left out, and stand in the JSON. " +
    "For what was printed before, see: iapeer tail.",
  args: {
    personality: { type: "positional", description: "the peer's name", completes: "peers" },
    runtime: RUNTIME_OPTION,
    colour: { type: "boolean", description: "print the colours too, also into a pipe" },
    color: { type: "boolean", description: "the same as --colour" },
  },
  examples: [
    { command: "iapeer screen alice", note: "one look, without a terminal" },
    { command: "iapeer screen alice --colour | less -R", note: "with its colours" },
    { command: "iapeer screen alice --json", note: "with the size and the cursor, for a script" },
  ],
  run: async ({ args }, { app, output }) => {
    const asked = parseAsked(args.personality, args.runtime);
    const found = await readPeerScreen(app, { ...asked, isColoured: args.colour || args.color });
    output.result(toScreenJson(found), () => render(found.lines));
    return 0;
  },
});

function render(lines: readonly string[]): string {
  const end = lines.findLastIndex((line) => line !== "") + 1;
  return lines.slice(0, end).join("\n");
}
