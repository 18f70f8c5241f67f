import { toErrorView } from "../../core/errors.ts";
import { identityOf, parsePersonality, parseRuntime } from "../../core/names.ts";
import { type Stopped, stopIdentity } from "../../launch/stop.ts";
import { usage } from "../call.ts";
import type { Context } from "../context.ts";
import { chooseIdentity } from "../identity-option.ts";
import { launchContext } from "../sessions.ts";
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
  name: "stop",
  summary: "end a peer's sessions on purpose, and wait until they are gone",
  description: "Nothing of it is recorded as a death. Without --runtime every session of the peer ends. The peer then shows as stopped.",
  options: {
    runtime: { type: "string", value: "R", help: "only the session of this runtime", completes: "runtimes" },
    all: ALL_PEERS,
  },
  positionals: [{ name: "personality", help: "its name", isOptional: true, completes: "peers" }],
  examples: [
    { command: "iapeer stop alice", note: "every session of alice" },
    { command: "iapeer stop --all", note: "before the host goes down for repairs" },
  ],
  run: async ({ positionals, values }, context) => {
    const rows: StopJson[] = [];
    for (const identity of chooseIdentities(positionals[0], values, context)) rows.push(await stopOne(identity, context));
    context.output.result(rows, () => rows.filter(({ error }) => error === undefined).map(render).join("\n"));
    rows.forEach(({ error }) => error && context.output.error(error));
    return rows.some(({ error }) => error !== undefined) ? 1 : 0;
  },
});

function chooseIdentities(personality: string | undefined, { runtime, all }: { runtime?: string; all?: boolean }, context: Context): string[] {
  if ((personality === undefined) === (all === undefined)) throw usage(stop, "stop takes either a <personality> or --all");
  if (personality !== undefined && runtime !== undefined) {
    return [chooseIdentity(stop, { personality: parsePersonality(personality), runtime }, context).identity];
  }
  const only = runtime === undefined ? undefined : parseRuntime(runtime);
  const { targets } = chooseTargets(stop, personality === undefined ? { all: true } : { peer: personality }, context);
  return targets.flatMap((peer) =>
    peer.runtimes.filter((one) => only === undefined || one === only).map((one) => identityOf(one, peer.personality)),
  );
}

async function stopOne(identity: string, context: Context): Promise<StopJson> {
  try {
    return { identity, ...(await stopIdentity(identity, "stop", launchContext(context))) };
  } catch (error) {
    return { identity, action: "failed", error: toErrorView(error) };
  }
}

function render({ identity, action }: StopJson): string {
  return action === "stopped" ? `stopped ${identity}` : `${identity} was not running`;
}
