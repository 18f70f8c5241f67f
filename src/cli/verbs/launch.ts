import { type Ignored, launchPeer, type LaunchReport, toLaunchJson } from "../../app/launch.ts";
import { IapeerError } from "../../model/errors.ts";
import { callOf, parseSocketName } from "../../model/names.ts";
import { parseAsked, RUNTIME_OPTION } from "../identity-option.ts";
import { withInterruption } from "../interruption.ts";
import { tame } from "../../model/characters.ts";
import { defineVerb } from "../verb.ts";

export const launch = defineVerb({
  meta: { name: "launch", description: "start a peer's session, watched from its first moment" },
  details:
    "The session runs in the peer's folder, on a tmux server of its own. With --socket it runs on a shared server, and " +
    "nothing else there is touched. It is ready when its process still lives after one second. A process that ends earlier " +
    "is reported with its exit status and its last lines. A live peer is left as it is. A launch " +
    "takes away the stop mark of a peer that was stopped or retired.",
  args: {
    personality: { type: "positional", description: "the peer's name", completes: "peers" },
    runtime: RUNTIME_OPTION,
    socket: { type: "string", valueHint: "name", description: "use the shared tmux server of this name (tmux -L)" },
    "unless-stopped": { type: "boolean", description: "leave it alone if it was stopped or retired, as a unit does" },
  },
  rest: { name: "ARG…", description: "more arguments for the runtime's program, after those of launch.env" },
  examples: [
    { command: "iapeer launch alice", note: "with the default runtime; then: iapeer attach alice" },
    { command: "iapeer launch alice --runtime codex -- --model o4", note: "a second runtime, with arguments" },
    { command: "iapeer launch alice --socket work", note: "on a server that you share: tmux -L work attach" },
  ],
  run: async ({ args, rest }, { app, output }) => {
    const request = {
      ...parseAsked(args.personality, args.runtime),
      args: rest,
      socketName: args.socket === undefined ? undefined : parseSocketName(args.socket),
      unlessStopped: args["unless-stopped"],
    };
    return await withInterruption(async ({ signal, exitStatus }) => {
      const report = await launchPeer(app, request, signal).catch((error: unknown) => {
        if (!output.isJson) lastLinesOf(error).forEach((line) => output.note(`  ${tame(line)}`));
        throw error;
      });
      output.result(toLaunchJson(report), () => render(report));
      report.ignored.forEach((one) => output.warn(`${report.identity} is live already: ${describeIgnored(one)}`));
      return exitStatus() ?? 0;
    });
  },
});

function describeIgnored(ignored: Ignored): string {
  return ignored.kind === "arguments" ? "the new arguments are not used" : `it stays on the server of ${ignored.socket}`;
}

function lastLinesOf(error: unknown): readonly string[] {
  const lines = error instanceof IapeerError ? error.details?.["last_lines"] : undefined;
  return Array.isArray(lines) ? (lines as string[]) : [];
}

function render({ identity, action, incarnation, witness, wasStopped }: LaunchReport): string {
  const pid = incarnation?.pane?.pid;
  const process = pid === undefined ? "" : ` (pid ${pid})`;
  if (action === "left-stopped") return `${identity} was stopped, and stays so; to start it: iapeer launch ${callOf(identity)}`;
  if (action === "already-live") return `${identity} is live already${process}`;
  const mark = wasStopped ? "; its stop mark is gone" : "";
  return `launched ${identity}${process}${witness === null ? ", without a canary" : ""}${mark}`;
}
