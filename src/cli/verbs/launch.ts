import type { LaunchManyRequest } from "../../app/launch-many.ts";
import { type Ignored, launchPeer, type LaunchReport, toLaunchJson } from "../../app/launch.ts";
import type { App } from "../../app/types.ts";
import { IapeerError } from "../../model/errors.ts";
import { callOf, parseRuntime, parseSocketName } from "../../model/names.ts";
import { parseAsked, RUNTIME_OPTION } from "../identity-option.ts";
import { withInterruption } from "../interruption.ts";
import { tame } from "../../model/characters.ts";
import { jointStatus } from "../outcomes.ts";
import type { Output } from "../output.ts";
import { ALL_PEERS, CLASS_OF_PEERS, parseMany } from "../shared-options.ts";
import { usage } from "../strict.ts";
import { defineVerb, type Verb } from "../verb.ts";

export const launch: Verb = defineVerb({
  meta: { name: "launch", description: "start a peer's session, watched from its first moment" },
  details:
    "The session runs in the peer's folder, on a tmux server of its own. With --socket it runs on a shared server, and " +
    "nothing else there is touched. It is ready when its process still lives after one second. A process that ends earlier " +
    "is reported with its exit status and its last lines. A live peer is left as it is. A launch " +
    "takes away the stop mark of a peer that was stopped or retired. --all and --class launch peers of this host, each in the " +
    "runtime of its fleet, else in its default one.",
  args: {
    personality: { type: "positional", description: "the peer's name", required: false, completes: "peers" },
    all: ALL_PEERS,
    class: CLASS_OF_PEERS,
    runtime: RUNTIME_OPTION,
    socket: { type: "string", valueHint: "name", description: "use the shared tmux server of this name (tmux -L)" },
    "unless-stopped": { type: "boolean", description: "leave it alone if it was stopped or retired, as a unit does" },
  },
  rest: { name: "ARG…", description: "more arguments for the runtime's program, after those of launch.env" },
  examples: [
    { command: "iapeer launch alice", note: "with the default runtime; then: iapeer attach alice" },
    { command: "iapeer launch alice --runtime codex -- --model gpt-5.2-codex", note: "a second runtime, with arguments" },
    { command: "iapeer launch --all", note: "every peer of this host, as after: iapeer stop --all" },
    { command: "iapeer launch alice --socket work", note: "on a server that you share: tmux -L work attach" },
  ],
  run: async ({ args, rest }, { app, output }) => {
    const many = parseMany(launch, args);
    const socketName = args.socket === undefined ? undefined : parseSocketName(args.socket);
    const options = { socketName, unlessStopped: args["unless-stopped"] };
    if (many !== undefined) {
      refuseOne(args.personality, rest);
      const runtime = args.runtime === undefined ? undefined : parseRuntime(args.runtime);
      return await launchAll(app, { choice: many, runtime, ...options }, output);
    }
    if (args.personality === undefined) throw usage(launch, "launch needs a <personality>, --all or --class");
    const request = { ...parseAsked(args.personality, args.runtime), args: rest, ...options };
    return await withInterruption(async ({ signal, exitStatus }) => {
      const report = await launchPeer(app, request, signal).catch((error: unknown) => {
        if (!output.isJson) lastLinesOf(error).forEach((line) => output.note(`  ${tame(line)}`));
        throw error;
      });
      output.result(toLaunchJson(report), () => render(report));
      warnOfIgnored(report, output);
      return exitStatus() ?? 0;
    });
  },
});

function refuseOne(personality: string | undefined, rest: readonly string[]): void {
  if (personality !== undefined) throw usage(launch, "launch takes a <personality>, --all or --class, and one of them only");
  if (rest.length > 0) throw usage(launch, "arguments after -- are for one peer, not for --all or --class");
}

async function launchAll(app: App, request: LaunchManyRequest, output: Output): Promise<number> {
  // Most calls are for one peer, and shall not load this.
  const { launchMany, toLaunchRowJson } = await import("../../app/launch-many.ts");
  return await withInterruption(async ({ signal, exitStatus }) => {
    const ends = await launchMany(app, request, signal);
    output.result(ends.map(toLaunchRowJson), () => ends.flatMap((end) => ("value" in end ? [render(end.value)] : [])).join("\n"));
    if (ends.length === 0 && !output.isJson) output.note("there is nobody else to launch");
    for (const end of ends) {
      if ("value" in end) warnOfIgnored(end.value, output);
      else output.error(end.error);
    }
    return jointStatus(
      ends.map((end) => ("error" in end ? end.error : undefined)),
      { exitStatus },
    );
  });
}

function warnOfIgnored({ identity, ignored }: LaunchReport, output: Output): void {
  ignored.forEach((one) => output.warn(`${identity} is live already: ${describeIgnored(one)}`));
}

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
