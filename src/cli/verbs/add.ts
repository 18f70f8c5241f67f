import { addPeer } from "../../app/add.ts";
import { parsePersonality, parseRuntime } from "../../model/names.ts";
import { parsePath } from "../path.ts";
import { withInterruption } from "../interruption.ts";
import { renderOutcomes } from "../outcomes.ts";
import { DESCRIPTION, IF_REVISION, INTELLIGENCE, parseRevision, PROVISION, SHARED_FOLDER } from "../shared-options.ts";
import { tame } from "../../model/characters.ts";
import { defineVerb, type Verb } from "../verb.ts";

export const add: Verb = defineVerb({
  meta: { name: "add", description: "register a peer, and attach the host's memory to it" },
  details:
    "A peer that is registered at this folder is merged. Values that are not given stay, runtimes are added, and only new " +
    "runtimes get a birth. A provider that fails is a warning: the peer is registered all the same.",
  makesRoot: true,
  args: {
    personality: { type: "positional", description: "its name: small letters, digits and dashes" },
    cwd: {
      type: "string",
      valueHint: "dir",
      description: "its folder, made if missing (default: <root>/peers/<personality>)",
      completes: "folders",
    },
    "shared-folder": SHARED_FOLDER,
    runtime: {
      type: "string",
      valueHint: "runtime",
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
    { command: "iapeer add bob --cwd ~/src/app --runtime claude --runtime codex", note: "two runtimes, in a folder of yours" },
    { command: "iapeer add carol --cwd ~/src/app --shared-folder", note: "in the folder that bob has too" },
  ],
  run: async ({ args }, { app, output }) => {
    const request = {
      personality: parsePersonality(args.personality),
      cwd: args.cwd === undefined ? undefined : parsePath(args.cwd, app.env),
      isFolderShared: args["shared-folder"],
      runtimes: args.runtime?.map(parseRuntime),
      description: args.description,
      intelligence: args.intelligence,
      isProvisioned: args.provision,
      ifRevision: parseRevision(add, args["if-revision"]),
    };
    return await withInterruption(async ({ signal, exitStatus }) => {
      const added = await addPeer(app, request, signal);
      const { action, peer, outcomes } = added;
      output.result(
        added,
        () => `${SENTENCE[action](peer.personality, tame(peer.cwd))}${renderOutcomes(outcomes, output.colors)}`,
      );
      return exitStatus() ?? 0;
    });
  },
});

const SENTENCE = {
  added: (name: string, cwd: string) => `added ${name} at ${cwd}`,
  merged: (name: string, cwd: string) => `merged into ${name} at ${cwd}`,
  unchanged: (name: string, cwd: string) => `${name} is registered at ${cwd} already; nothing changed`,
} as const;
