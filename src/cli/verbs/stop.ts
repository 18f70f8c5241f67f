import { stopPeers, type StopRequest, type StopRow } from "../../app/stop.ts";
import { parsePersonality, parseRuntime } from "../../model/names.ts";
import { usage } from "../strict.ts";
import { withInterruption } from "../interruption.ts";
import { jointStatus } from "../outcomes.ts";
import { ALL_PEERS } from "../shared-options.ts";
import { defineVerb, type Verb } from "../verb.ts";

export const stop: Verb = defineVerb({
  meta: { name: "stop", description: "end a peer's sessions on purpose" },
  details:
    "The call returns when the processes are gone. No death is recorded. Without --runtime every session of the peer ends. " +
    "The peer then shows as stopped.",
  args: {
    personality: { type: "positional", description: "the peer's name", required: false, completes: "peers" },
    runtime: { type: "string", valueHint: "runtime", description: "only the session of this runtime", completes: "runtimes" },
    all: ALL_PEERS,
  },
  examples: [
    { command: "iapeer stop alice", note: "every session of alice" },
    { command: "iapeer stop --all", note: "before the host goes down for repairs" },
  ],
  run: async ({ args }, { app, output }) => {
    const request = parseRequest(args.personality, args);
    return await withInterruption(async ({ signal, exitStatus }) => {
      const rows = await stopPeers(app, request, signal);
      const errors = rows.map((row) => (row.action === "failed" ? row.error : undefined));
      output.result(rows, () =>
        rows
          .filter(({ action }) => action !== "failed")
          .map(render)
          .join("\n"),
      );
      errors.forEach((error) => error && output.error(error));
      return jointStatus(errors, { exitStatus });
    });
  },
});

function parseRequest(personality: string | undefined, { runtime, all }: { runtime?: string; all: boolean }): StopRequest {
  if ((personality === undefined) !== all) throw usage(stop, "stop takes either a <personality> or --all");
  return {
    choice: personality === undefined ? { kind: "all" } : { kind: "peer", personality: parsePersonality(personality) },
    runtime: runtime === undefined ? undefined : parseRuntime(runtime),
  };
}

function render({ identity, action }: StopRow): string {
  return action === "stopped" ? `stopped ${identity}` : `${identity} was not running`;
}
