import { type Intelligence, parsePersonality, parseRuntime } from "../../core/names.ts";
import { requireRow, type UpdateRequest, updateRow } from "../../registry/edits.ts";
import { addedRuntimes, refuseRemoving, updatePeer } from "../../registry/register.ts";
import { toPeer } from "../../registry/schema.ts";
import { type ChangeOptions, readRegistry, refuseOtherRevision } from "../../registry/store.ts";
import { readStatuses } from "../../status/peer-status.ts";
import { giveBirth, NO_BIRTH } from "../birth.ts";
import { usage } from "../call.ts";
import { type Context, logDecision } from "../context.ts";
import { cutDescription } from "../description.ts";
import { type OutcomeJson, renderOutcomes } from "../outcomes.ts";
import type { Output } from "../output.ts";
import { toPeerJson } from "../peer-json.ts";
import { detachRuntimes, forgetRuntimes, refuseLive } from "../removal.ts";
import { changeOptionsFrom, DESCRIPTION, IF_REVISION, INTELLIGENCE } from "../shared-options.ts";
import { defineVerb } from "../verb.ts";

export const update = defineVerb({
  name: "update",
  summary: "change what is said of a peer",
  description: "A runtime that is added gets a birth; from one that is taken away the memory is detached first.",
  options: {
    description: DESCRIPTION,
    "add-runtime": { type: "string", value: "R", multiple: true, help: "a runtime it gets", completes: "runtimes" },
    "remove-runtime": { type: "string", value: "R", multiple: true, help: "a runtime it loses", completes: "runtimes" },
    "default-runtime": { type: "string", value: "R", help: "the runtime that is meant when none is named", completes: "runtimes" },
    intelligence: INTELLIGENCE,
    "no-provision": { type: "boolean", help: "run no provider command" },
    "if-revision": IF_REVISION,
  },
  positionals: [{ name: "personality", help: "its name", completes: "peers" }],
  examples: [
    { command: 'iapeer update alice --description "reads the mail"', note: "say what it is for" },
    {
      command: "iapeer update alice --add-runtime codex --default-runtime codex",
      note: "one more runtime, which is then the one that is meant",
    },
  ],
  run: async ({ values, positionals }, context) => {
    const { layout, output } = context;
    const personality = parsePersonality(positionals[0]!);
    const change = changeOptionsFrom(update, values["if-revision"], context);
    const request = parseRequest(values, output);
    if (Object.keys(request).length === 0) throw usage(update, "nothing to change is given");
    const isSilent = values["no-provision"] === true;
    const detached = await detachRemoved(personality, { request, change, isSilent }, context);
    const { before, row, revision } = await updatePeer(layout, change, personality, request);
    const peer = toPeer(row);
    const action = row === before ? "unchanged" : "updated";
    if (action === "updated") logDecision(context, { ev: "update", personality, changed: Object.keys(request).join(","), revision });
    await forgetRuntimes({ ...peer, runtimes: request.removeRuntimes ?? [] }, context);
    const birth = isSilent ? NO_BIRTH : await giveBirth(peer, addedRuntimes(before, row), context);
    const outcomes = [...detached, ...birth.outcomes];
    const json = { action, peer: toPeerJson(peer, readStatuses(layout)), outcomes, revision };
    output.result(json, () => `${SENTENCE[action](personality)}${renderOutcomes(outcomes, output.colors)}`);
    return birth.status;
  },
});

const SENTENCE = {
  updated: (name: string) => `updated ${name}`,
  unchanged: (name: string) => `${name} is like that already; nothing changed`,
} as const;

interface Values {
  readonly description?: string;
  readonly "add-runtime"?: string[];
  readonly "remove-runtime"?: string[];
  readonly "default-runtime"?: string;
  readonly intelligence?: string;
}

/** What a call asks for; empty when it asks for nothing. */
function parseRequest(values: Values, output: Output): UpdateRequest {
  const { description, intelligence, "add-runtime": added, "remove-runtime": removed, "default-runtime": chosen } = values;
  return {
    ...(description !== undefined && { description: cutDescription(description, output) }),
    ...(added !== undefined && { addRuntimes: added.map(parseRuntime) }),
    ...(removed !== undefined && { removeRuntimes: removed.map(parseRuntime) }),
    ...(chosen !== undefined && { defaultRuntime: parseRuntime(chosen) }),
    ...(intelligence !== undefined && { intelligence: intelligence as Intelligence }),
  };
}

interface Detaching {
  readonly request: UpdateRequest;
  readonly change: ChangeOptions;
  readonly isSilent: boolean;
}

/** Detaches memory from the runtimes that go; what cannot be is refused before anything is detached. */
async function detachRemoved(personality: string, { request, change, isSilent }: Detaching, context: Context): Promise<OutcomeJson[]> {
  const runtimes = request.removeRuntimes ?? [];
  const registry = readRegistry(context.layout);
  refuseOtherRevision(registry.revision, change.ifRevision);
  const current = requireRow(registry, personality);
  refuseRemoving(current);
  updateRow(current, request);
  refuseLive(personality, { runtimes, hint: "end its session, then run this again" }, context);
  if (isSilent || runtimes.length === 0) return [];
  return await detachRuntimes({ ...toPeer(current), runtimes }, context);
}
