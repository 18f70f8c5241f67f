import { IapeerError, toErrorView } from "../../model/errors.ts";
import { identityOf, parsePersonality, parseRuntime } from "../../model/names.ts";
import { type Stopped, stopIdentity } from "../../launch/end/end.ts";
import { usage } from "../strict.ts";
import type { Context } from "../../app/app.ts";
import { chooseIdentity } from "../identity-option.ts";
import { jointStatus } from "../outcomes.ts";
import { ALL_PEERS } from "../shared-options.ts";
import { chooseTargets } from "../targets.ts";
import { defineVerb } from "../verb.ts";

/** One identity's end as `stop --json` has it. */
interface StopJson {
  readonly identity: string;
  readonly action: Stopped["action"] | "failed";
  readonly server_pid?: number;
  readonly error?: ReturnType<typeof toErrorView>;
}

export const stop = defineVerb({
  meta: { name: "stop", description: "end a peer's sessions on purpose, and wait until they are gone" },
  details:
    "Nothing of it is recorded as a death. Without --runtime every session of the peer ends. The peer then shows as stopped.",
  args: {
    personality: { type: "positional", description: "its name", required: false, completes: "peers" },
    runtime: { type: "string", valueHint: "r", description: "only the session of this runtime", completes: "runtimes" },
    all: ALL_PEERS,
  },
  examples: [
    { command: "iapeer stop alice", note: "every session of alice" },
    { command: "iapeer stop --all", note: "before the host goes down for repairs" },
  ],
  run: async ({ positionals, values }, context) => {
    const stops: Stop[] = [];
    for (const identity of chooseIdentities(positionals[0], values, context)) stops.push(await stopOne(identity, context));
    const rows = stops.map(({ json }) => json);
    context.output.result(rows, () =>
      rows
        .filter(({ error }) => error === undefined)
        .map(render)
        .join("\n"),
    );
    rows.forEach(({ error }) => error && context.output.error(error));
    return jointStatus(stops.map(({ status }) => status));
  },
});

function chooseIdentities(
  personality: string | undefined,
  { runtime, all }: { runtime?: string; all?: boolean },
  context: Context,
): string[] {
  if ((personality === undefined) === (all === undefined)) throw usage(stop, "stop takes either a <personality> or --all");
  if (personality !== undefined && runtime !== undefined) {
    return [chooseIdentity(stop, { personality: parsePersonality(personality), runtime }, context).identity];
  }
  const only = runtime === undefined ? undefined : parseRuntime(runtime);
  const targets =
    personality === undefined
      ? chooseTargets(stop, { all: true }, context).targets
      : [chooseIdentity(stop, { personality }, context).peer];
  return targets.flatMap((peer) =>
    peer.runtimes.filter((one) => only === undefined || one === only).map((one) => identityOf(one, peer.personality)),
  );
}

/** One identity's end, and the exit status it would have alone. */
interface Stop {
  readonly json: StopJson;
  readonly status: number;
}

async function stopOne(identity: string, context: Context): Promise<Stop> {
  try {
    return { json: { identity, ...(await stopIdentity(identity, "stop", context)) }, status: 0 };
  } catch (error) {
    return {
      json: { identity, action: "failed", error: toErrorView(error) },
      status: error instanceof IapeerError ? error.exitStatus : 70,
    };
  }
}

function render({ identity, action }: StopJson): string {
  return action === "stopped" ? `stopped ${identity}` : `${identity} was not running`;
}
