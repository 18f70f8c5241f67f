import { stopPeers, type StopRequest, type StopRow } from "../../app/stop.ts";
import { parsePersonality, parseRuntime } from "../../model/names.ts";
import { usage } from "../strict.ts";
import { withInterruption } from "../interruption.ts";
import { jointStatus } from "../outcomes.ts";
import { ALL_PEERS, IF_INCARNATION, parseIncarnation } from "../shared-options.ts";
import { defineVerb, type Verb } from "../verb.ts";

export const stop: Verb = defineVerb({
  meta: { name: "stop", description: "end the sessions of peers on purpose" },
  details:
    "The call returns when the processes are gone. No death is recorded. Without --runtime every session of the peer ends. " +
    "The peer then shows as stopped, and does not start with the host until it is launched. A session that calls this itself " +
    "ends last, after the call.",
  args: {
    personality: {
      type: "positional",
      description: "the names of the peers",
      required: false,
      repeatable: true,
      completes: "peers",
    },
    runtime: { type: "string", valueHint: "runtime", description: "only the session of this runtime", completes: "runtimes" },
    all: ALL_PEERS,
    mark: {
      type: "boolean",
      default: true,
      description: "keep it from starting with the host",
      negativeDescription: "let its unit start it again with the host",
    },
    "if-incarnation": IF_INCARNATION,
  },
  examples: [
    { command: "iapeer stop alice", note: "every session of alice" },
    { command: "iapeer stop alice bob", note: "both; the others stop also where one name is wrong" },
    { command: "iapeer stop --all", note: "before the host goes down for repairs" },
    { command: "iapeer stop alice --no-mark", note: "for now: alice starts again with the host" },
  ],
  run: async ({ args }, { app, output }) => {
    const request = parseRequest(args.personality, args);
    return await withInterruption(async ({ signal, exitStatus }) => {
      const rows = await stopPeers(app, request, signal);
      const errors = rows.map((row) => (row.action === "failed" ? row.error : undefined));
      output.result(rows, () =>
        rows.flatMap((row) => (row.action === "failed" ? [] : [SENTENCE[row.action](row.identity)])).join("\n"),
      );
      errors.forEach((error) => error && output.error(error));
      return jointStatus(errors, { exitStatus });
    });
  },
});

interface Values {
  readonly runtime?: string;
  readonly all: boolean;
  readonly mark: boolean;
  readonly "if-incarnation"?: string;
}

function parseRequest(names: readonly string[] = [], { runtime, all, mark, ...values }: Values): StopRequest {
  if (names.length > 0 === all) throw usage(stop, "stop takes either a <personality> or --all");
  const ifIncarnation = parseIncarnation(stop, values["if-incarnation"]);
  if (ifIncarnation !== undefined && names.length !== 1)
    throw usage(stop, `--if-incarnation is for one peer, not for ${all ? "--all" : "several"}`);
  return {
    ifIncarnation,
    isMarked: mark,
    choice: all ? { kind: "all" } : { kind: "peers", personalities: names.map(parsePersonality) },
    runtime: runtime === undefined ? undefined : parseRuntime(runtime),
  };
}

const SENTENCE = {
  stopped: (identity: string) => `stopped ${identity}`,
  stopping: (identity: string) => `stopping ${identity}, the session of this call`,
  "not-running": (identity: string) => `${identity} was not running`,
} as const satisfies Record<Exclude<StopRow["action"], "failed">, (identity: string) => string>;
