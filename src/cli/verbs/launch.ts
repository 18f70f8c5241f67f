import { IapeerError } from "../../model/errors.ts";
import { parseSocketName } from "../../model/names.ts";
import { namedSocketPath } from "../../core/tmux.ts";
import { launchIdentity, type Launched, type LaunchPlan } from "../../launch/start/start.ts";
import { chooseIdentity, RUNTIME_OPTION } from "../identity-option.ts";
import { withInterruption } from "../interruption.ts";
import { planLaunch } from "../../app/launching.ts";
import { tame } from "../../model/characters.ts";
import { defineVerb } from "../verb.ts";

export const launch = defineVerb({
  meta: { name: "launch", description: "start a peer's session, watched from its first moment" },
  details:
    "In the peer's folder, on a tmux server of its own; with --socket on one that is shared, of which only that session is\n" +
    "touched. It is ready when its process still lives after a second; one that ends earlier is reported with its exit\n" +
    "status and the last lines it printed. A peer that is live already is left as it is.",
  args: {
    personality: { type: "positional", description: "its name", completes: "peers" },
    runtime: RUNTIME_OPTION,
    socket: {
      type: "string",
      valueHint: "name",
      description: "on the tmux server of that name (tmux -L), which others may use too",
    },
  },
  rest: { name: "ARG", description: "more arguments for the runtime's program, after those of its launch.env" },
  examples: [
    { command: "iapeer launch alice", note: "her default runtime; then: iapeer attach alice" },
    { command: "iapeer launch alice --runtime codex -- --model o4", note: "another runtime beside it, with arguments" },
    { command: "iapeer launch alice --socket work", note: "as a session of a tmux server that you share: tmux -L work attach" },
  ],
  run: async (call, context) => {
    const { output } = context;
    const chosen = chooseIdentity(launch, { personality: call.positionals[0]!, runtime: call.values.runtime }, context);
    const { identity } = chosen;
    const named = call.values.socket;
    const plan = {
      ...planLaunch(chosen, call.rest, context),
      ...(named !== undefined && { socket: namedSocketPath(context.env, parseSocketName(named)) }),
    };
    // A launch takes a second, and half of one is of no use: who asks it to stop hears what it came to.
    return await withInterruption(async ({ exitStatus }) => {
      const launched = await launchIdentity(plan, context).catch((error: unknown) => {
        if (!output.isJson) lastLinesOf(error).forEach((line) => output.note(`  ${tame(line)}`));
        throw error;
      });
      output.result(toJson(identity, launched), () => render(identity, launched));
      if (launched.action === "already-live")
        ignoredOf(plan, launched, call.rest).forEach((what) => output.warn(`${identity} is live already: ${what}`));
      return exitStatus() ?? 0;
    });
  },
});

/** What was asked for and cannot be had of a session that is there. */
function ignoredOf({ socket }: LaunchPlan, { incarnation }: Launched, args: readonly string[]): string[] {
  const isElsewhere = socket !== undefined && incarnation !== undefined && incarnation.socket !== socket;
  return [
    ...(args.length > 0 ? ["its new arguments were not used"] : []),
    ...(isElsewhere ? [`it stays on the server of ${incarnation.socket}`] : []),
  ];
}

function lastLinesOf(error: unknown): readonly string[] {
  const lines = error instanceof IapeerError ? error.details?.["last_lines"] : undefined;
  return Array.isArray(lines) ? (lines as string[]) : [];
}

function toJson(identity: string, { action, incarnation, witness }: Launched) {
  return {
    identity,
    action,
    incarnation: incarnation?.incarnation ?? null,
    server_pid: incarnation?.server?.pid ?? null,
    pane_pid: incarnation?.pane?.pid ?? null,
    socket: incarnation?.socket ?? null,
    ...(action === "launched" && { witness }),
  };
}

function render(identity: string, { action, incarnation, witness }: Launched): string {
  const pid = incarnation?.pane?.pid;
  const process = pid === undefined ? "" : ` (pid ${pid})`;
  if (action === "already-live") return `${identity} is live already${process}`;
  return `launched ${identity}${process}${witness === null ? ", without a canary" : ""}`;
}
