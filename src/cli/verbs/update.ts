import { type Intelligence, parsePersonality, parseRuntime } from "../../model/names.ts";
import type { UpdateRequest } from "../../registry/types.ts";
import { readStatuses } from "../../status/liveness/liveness.ts";
import { readBootUnits } from "../../boot/state.ts";
import { openBoot, readBootAgents, servicePlace, takeFromBoot } from "../../app/boot.ts";
import { usage } from "../strict.ts";
import { changePeer } from "../../app/peers/change-peer.ts";
import type { Context } from "../../app/app.ts";
import { cutDescription } from "../description.ts";
import { renderOutcomes } from "../outcomes.ts";
import type { Output } from "../output.ts";
import { toPeerJson } from "../../app/peers/peer-json.ts";
import { changeOptionsFrom, DESCRIPTION, IF_REVISION, INTELLIGENCE, PROVISION } from "../shared-options.ts";
import { defineVerb } from "../verb.ts";

export const update = defineVerb({
  meta: { name: "update", description: "change what is said of a peer" },
  details: "A runtime that is added gets a birth; from one that is taken away the memory is detached first.",
  args: {
    personality: { type: "positional", description: "its name", completes: "peers" },
    description: DESCRIPTION,
    "add-runtime": { type: "string", valueHint: "r", repeatable: true, description: "a runtime it gets", completes: "runtimes" },
    "remove-runtime": {
      type: "string",
      valueHint: "r",
      repeatable: true,
      description: "a runtime it loses",
      completes: "runtimes",
    },
    "default-runtime": {
      type: "string",
      valueHint: "r",
      description: "the runtime that is meant when none is named",
      completes: "runtimes",
    },
    intelligence: INTELLIGENCE,
    provision: PROVISION,
    "if-revision": IF_REVISION,
  },
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
    const { action, peer, outcomes, revision, status } = await changePeer(
      personality,
      { request, change, isSilent: !values.provision },
      context,
    );
    dropLostUnit(personality, context);
    const json = { action, peer: toPeerJson(peer, readStatuses(layout)), outcomes, revision };
    output.result(json, () => `${SENTENCE[action](personality)}${renderOutcomes(outcomes, output.colors)}`);
    return status;
  },
});

const SENTENCE = {
  updated: (name: string) => `updated ${name}`,
  unchanged: (name: string) => `${name} is like that already; nothing changed`,
} as const;

interface Values {
  readonly description?: string;
  readonly "add-runtime"?: readonly string[];
  readonly "remove-runtime"?: readonly string[];
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

/** A unit that would launch a runtime which the peer has no more goes with that. */
function dropLostUnit(personality: string, context: Context): void {
  if (readBootUnits(servicePlace(context)).unitOf(personality) === "absent") return;
  if (readBootAgents(context).agents.some(({ name }) => name === personality)) return;
  takeFromBoot([{ agent: personality }], openBoot(context), context);
}
