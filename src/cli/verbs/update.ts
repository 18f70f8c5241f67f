import { revisePeer } from "../../app/update.ts";
import { type Intelligence, parsePersonality, parseRuntime } from "../../model/names.ts";
import type { UpdateRequest } from "../../registry/types.ts";
import { usage } from "../strict.ts";
import { withInterruption } from "../interruption.ts";
import { renderOutcomes } from "../outcomes.ts";
import { DESCRIPTION, IF_REVISION, INTELLIGENCE, parseRevision, PROVISION } from "../shared-options.ts";
import { defineVerb, type Verb } from "../verb.ts";

export const update: Verb = defineVerb({
  meta: { name: "update", description: "change a peer's description, runtimes, intelligence or rights" },
  details: "A runtime that is added gets a birth. The memory is detached from a runtime before that runtime is removed.",
  args: {
    personality: { type: "positional", description: "the peer's name", completes: "peers" },
    description: DESCRIPTION,
    "add-runtime": {
      type: "string",
      valueHint: "runtime",
      repeatable: true,
      description: "a runtime that it gets",
      completes: "runtimes",
    },
    "remove-runtime": {
      type: "string",
      valueHint: "runtime",
      repeatable: true,
      description: "a runtime that it loses",
      completes: "runtimes",
    },
    "default-runtime": {
      type: "string",
      valueHint: "runtime",
      description: "the runtime for calls that name none",
      completes: "runtimes",
    },
    intelligence: INTELLIGENCE,
    manager: {
      type: "enum",
      description: "let it stop, launch and change other peers, or not; only a person may say so",
      options: ["on", "off"],
    },
    provision: PROVISION,
    "if-revision": IF_REVISION,
  },
  examples: [
    { command: 'iapeer update alice --description "reads the mail"', note: "a new description" },
    { command: "iapeer update alice --add-runtime codex --default-runtime codex", note: "one more runtime, and the default" },
    { command: "iapeer update alice --manager on", note: "alice may act on the other peers, as docs/authority.md says" },
  ],
  run: async ({ args }, { app, output }) => {
    const change = {
      personality: parsePersonality(args.personality),
      ifRevision: parseRevision(update, args["if-revision"]),
      request: parseRequest(args),
      isProvisioned: args.provision,
    };
    if (Object.keys(change.request).length === 0) throw usage(update, "update needs a change: give it at least one option");
    return await withInterruption(async ({ signal, exitStatus }) => {
      const updated = await revisePeer(app, change, signal);
      const { action, outcomes } = updated;
      output.result(updated, () => `${SENTENCE[action](change.personality)}${renderOutcomes(outcomes, output.colors)}`);
      return exitStatus() ?? 0;
    });
  },
});

const SENTENCE = {
  updated: (name: string) => `updated ${name}`,
  unchanged: (name: string) => `${name} has these values already; nothing changed`,
} as const;

interface Values {
  readonly description?: string;
  readonly "add-runtime"?: readonly string[];
  readonly "remove-runtime"?: readonly string[];
  readonly "default-runtime"?: string;
  readonly intelligence?: Intelligence;
  readonly manager?: "on" | "off";
}

/** The changes that a call asks for; empty when it asks for none. */
function parseRequest(values: Values): UpdateRequest {
  const {
    description,
    intelligence,
    manager,
    "add-runtime": added,
    "remove-runtime": removed,
    "default-runtime": chosen,
  } = values;
  return {
    ...(description !== undefined && { description }),
    ...(added !== undefined && { addRuntimes: added.map(parseRuntime) }),
    ...(removed !== undefined && { removeRuntimes: removed.map(parseRuntime) }),
    ...(chosen !== undefined && { defaultRuntime: parseRuntime(chosen) }),
    ...(intelligence !== undefined && { intelligence }),
    ...(manager !== undefined && { isManager: manager === "on" }),
  };
}
