import { followPeer, followRaw, tailPeer, tailRaw, toTailJson } from "../../app/tail/tail.ts";
import type { PeerTail, TailRequest } from "../../app/tail/types.ts";
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
  details:
    "Escape sequences are left out. A line that was overwritten is shown as it stood in the end. A drawn screen is shown " +
    "as its terminal shows it: the lines that scrolled off, then the screen. --follow prints a line that is drawn once it has " +
    "stood for a moment.",
  args: {
    personality: { type: "positional", description: "the peer's name", completes: "peers" },
    runtime: RUNTIME_OPTION,
    lines: { type: "string", alias: "n", valueHint: "count", description: `how many lines (default: ${DEFAULT_LINES})` },
    follow: { type: "boolean", alias: "f", description: "go on with each new line, until Ctrl-C" },
    raw: { type: "boolean", description: "print the bytes as they are, for a terminal or a tool to read" },
  },
  examples: [
    { command: "iapeer tail alice", note: "the last 20 lines, also of a session that has ended" },
    { command: "iapeer tail alice --runtime codex --lines 0 --follow", note: "each line from now on" },
    { command: "iapeer tail alice -f --raw", note: "each byte, as the agent prints it" },
  ],
  run: async ({ args }, { app, output }) => {
    const { follow: isFollowing, raw: isRaw } = args;
    if (isFollowing && output.isJson) throw usage(tail, "tail --follow runs until it is stopped, and has no JSON");
    if (isRaw && output.isJson) throw usage(tail, "tail --raw prints bytes, and has no JSON");
    const count = parseCount(tail, "lines", args.lines, { min: isFollowing ? 0 : 1, max: MOST_LINES }) ?? DEFAULT_LINES;
    const request = { ...parseAsked(args.personality, args.runtime), count };
    if (isRaw) return await printRaw(app, { ...request, isFollowing }, output);
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

interface RawRequest extends TailRequest {
  readonly isFollowing: boolean;
}

async function printRaw(app: App, { isFollowing, ...request }: RawRequest, output: Output): Promise<number> {
  if (!isFollowing) {
    const found = await tailRaw(app, request);
    if (!found.hasPrinted) output.note(nothingOf(found));
    output.bytes(found.bytes);
    return 0;
  }
  return await withInterruption(async ({ signal, exitStatus }) => {
    for await (const found of followRaw(app, request, signal)) {
      if (!found.hasPrinted) output.note(nothingOf(found));
      if (!output.bytes(found.bytes)) break;
    }
    return exitStatus() ?? 0;
  });
}

function nothingOf({ identity }: Pick<PeerTail, "identity">): string {
  return `no session of ${identity} has printed anything yet`;
}

function render(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}
