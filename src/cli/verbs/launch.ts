import { IapeerError } from "../../core/errors.ts";
import { launchIdentity, type Launched } from "../../launch/launch.ts";
import { chooseIdentity, RUNTIME_OPTION } from "../identity-option.ts";
import { withInterruption } from "../interruption.ts";
import { planLaunch } from "../launching.ts";
import { launchContext } from "../sessions.ts";
import { tame } from "../table.ts";
import { defineVerb } from "../verb.ts";

export const launch = defineVerb({
  name: "launch",
  summary: "start a peer's session, watched from its first moment",
  description:
    "One tmux server for the peer and runtime, in the peer's folder. It is ready when its process still lives after a\n" +
    "second; one that ends earlier is reported with its exit status and the last lines it printed. A peer that is live\n" +
    "already is left as it is.",
  options: { runtime: RUNTIME_OPTION },
  positionals: [{ name: "personality", help: "its name", completes: "peers" }],
  rest: { name: "ARG", help: "more arguments for the runtime's program, after those of its launch.env" },
  examples: [
    { command: "iapeer launch alice", note: "her default runtime; then: iapeer attach alice" },
    { command: "iapeer launch alice --runtime codex -- --model o4", note: "another runtime beside it, with arguments" },
  ],
  run: async (call, context) => {
    const { output } = context;
    const chosen = chooseIdentity(launch, { personality: call.positionals[0]!, runtime: call.values.runtime }, context);
    const { identity } = chosen;
    const plan = planLaunch(chosen, call.rest, context);
    // A launch takes a second, and half of one is of no use: who asks it to stop hears what it came to.
    return await withInterruption(async ({ exitStatus }) => {
      const launched = await launchIdentity(plan, launchContext(context)).catch((error: unknown) => {
        if (!output.isJson) lastLinesOf(error).forEach((line) => output.note(`  ${tame(line)}`));
        throw error;
      });
      output.result(toJson(identity, launched), () => render(identity, launched));
      if (launched.action === "already-live" && call.rest.length > 0) output.warn(`${identity} is live already: its new arguments were not used`);
      return exitStatus() ?? 0;
    });
  },
});

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
