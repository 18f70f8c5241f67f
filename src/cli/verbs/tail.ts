import { followPeer, type PeerTail, tailPeer, type TailRequest, toTailJson } from "../../app/tail.ts";
import type { App } from "../../app/types.ts";
import { parseCount } from "../count.ts";
import { usage } from "../strict.ts";
import { parseAsked, RUNTIME_OPTION } from "../identity-option.ts";
import { withInterruption } from "../interruption.ts";
import type { Output } from "../output.ts";
import { defineVerb, type Verb } from "../verb.ts";

const DEFAULT_LINES = 20;
const MOST_LINES = 100_000;

export const tail: Verb = defineVerb({
  meta: { name: "tail", description: "show the last lines that a session printed" },
  details: "Escape sequences are left out. A line that was overwritten is shown as it stood in the end.",
  args: {
    personality: { type: "positional", description: "the peer's name", completes: "peers" },
    runtime: RUNTIME_OPTION,
    lines: { type: "string", valueHint: "count", description: `how many lines (default: ${DEFAULT_LINES})` },
    follow: { type: "boolean", description: "go on with each new line, until Ctrl-C" },
  },
  examples: [
    { command: "iapeer tail alice", note: "the last 20 lines, also of a session that has ended" },
    { command: "iapeer tail alice --runtime codex --lines 0 --follow", note: "each line from now on" },
  ],
  run: async ({ args }, { app, output }) => {
    const isFollowing = args.follow;
    if (isFollowing && output.isJson) throw usage(tail, "tail --follow runs until it is stopped, and has no JSON");
    const count = parseCount(tail, "lines", args.lines, { min: isFollowing ? 0 : 1, max: MOST_LINES }) ?? DEFAULT_LINES;
    const request = { ...parseAsked(args.personality, args.runtime), count };
    if (isFollowing) return await follow(app, request, output);
    const found = await tailPeer(app, request);
    if (!found.hasPrinted && !output.isJson) output.note(nothingOf(found));
    output.result(toTailJson(found), () => render(found.lines));
    return 0;
  },
});

/** Prints each line when it is complete, until a signal comes or the reader closes the pipe. */
async function follow(app: App, request: TailRequest, output: Output): Promise<number> {
  return await withInterruption(async ({ signal, exitStatus }) => {
    for await (const found of followPeer(app, request, signal)) {
      if (!found.hasPrinted) output.note(nothingOf(found));
      if (found.lines.length > 0 && !output.text(render(found.lines))) break;
    }
    return exitStatus() ?? 0;
  });
}

function nothingOf({ identity }: PeerTail): string {
  return `no session of ${identity} has printed anything yet`;
}

function render(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}
