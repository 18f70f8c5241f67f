import { join } from "node:path";
import { parsePersonality, parseRuntime } from "../../model/names.ts";
import { registerPeer } from "../../registry/registry.ts";
import { readStatuses } from "../../status/liveness/liveness.ts";
import { giveBirth, NO_BIRTH } from "../../app/peers/birth.ts";
import { logDecision } from "../../core/host.ts";
import { cutDescription } from "../description.ts";
import { parseFolder } from "../folder.ts";
import { toPeerJson } from "../../app/peers/peer-json.ts";
import { renderOutcomes } from "../outcomes.ts";
import { changeOptionsFrom, DESCRIPTION, IF_REVISION, INTELLIGENCE, PROVISION } from "../shared-options.ts";
import { tame } from "../../model/characters.ts";
import { defineVerb } from "../verb.ts";

export const add = defineVerb({
  meta: { name: "add", description: "register a peer and attach the host's memory to it" },
  details:
    "The same peer at the same folder merges: what is not given stays, runtimes are united, and only new\n" +
    "runtimes get a birth. A provider that fails is a warning: the peer is registered all the same.",
  args: {
    personality: { type: "positional", description: "its name: small letters, digits and dashes" },
    cwd: {
      type: "string",
      valueHint: "dir",
      description: "its folder, made if missing (default: <root>/peers/<personality>)",
      completes: "folders",
    },
    runtime: {
      type: "string",
      valueHint: "r",
      repeatable: true,
      description: "a runtime it has (default: claude)",
      completes: "runtimes",
    },
    description: DESCRIPTION,
    intelligence: INTELLIGENCE,
    provision: PROVISION,
    "if-revision": IF_REVISION,
  },
  examples: [
    { command: "iapeer add alice", note: "a peer with claude, in <root>/peers/alice" },
    {
      command: "iapeer add bob --cwd ~/src/app --runtime claude --runtime codex",
      note: "two runtimes in a folder of yours",
    },
  ],
  run: async ({ values, positionals }, context) => {
    const { layout, output } = context;
    const personality = parsePersonality(positionals[0]!);
    const change = changeOptionsFrom(add, values["if-revision"], context);
    const { action, peer, newRuntimes, revision } = await registerPeer(layout, change, {
      personality,
      cwd: values.cwd === undefined ? join(layout.peersFolder, personality) : parseFolder(values.cwd, context.env),
      hasOwnFolder: values.cwd !== undefined,
      ...(values.runtime !== undefined && { runtimes: values.runtime.map(parseRuntime) }),
      ...(values.description !== undefined && { description: cutDescription(values.description, output) }),
      ...(values.intelligence !== undefined && { intelligence: values.intelligence }),
    });
    if (action !== "unchanged")
      logDecision(context, { ev: "add", personality, action, runtimes: peer.runtimes.join(","), cwd: peer.cwd, revision });
    const { outcomes, status } = values.provision ? await giveBirth(peer, newRuntimes, context) : NO_BIRTH;
    const json = { action, peer: toPeerJson(peer, readStatuses(layout)), outcomes, revision };
    output.result(json, () => `${SENTENCE[action](personality, tame(peer.cwd))}${renderOutcomes(outcomes, output.colors)}`);
    return status;
  },
});

const SENTENCE = {
  added: (name: string, cwd: string) => `added ${name} at ${cwd}`,
  merged: (name: string, cwd: string) => `merged into ${name} at ${cwd}`,
  unchanged: (name: string, cwd: string) => `${name} is registered at ${cwd} already; nothing changed`,
} as const;
