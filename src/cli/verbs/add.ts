import { IapeerError } from "../../core/errors.ts";
import { type Intelligence, parsePersonality, parseRuntime } from "../../core/names.ts";
import { DESCRIPTION_LIMIT } from "../../registry/edits.ts";
import { registerPeer } from "../../registry/register.ts";
import { toPeer } from "../../registry/schema.ts";
import { readStatuses } from "../../status/peer-status.ts";
import { giveBirth } from "../birth.ts";
import { parseCount } from "../call.ts";
import type { Output } from "../output.ts";
import { parseFolder } from "../folder.ts";
import { toPeerJson } from "../peer-json.ts";
import { renderOutcomes } from "../outcomes.ts";
import { defineVerb } from "../verb.ts";
import { IF_REVISION, INTELLIGENCE, REVISIONS } from "../shared-options.ts";

export const add = defineVerb({
  name: "add",
  summary: "register a peer and attach the host's memory to it",
  description:
    "The same peer at the same folder merges: what is not given stays, runtimes are united, and only new\n" +
    "runtimes get a birth. A provider that fails is a warning: the peer is registered all the same.",
  options: {
    cwd: { type: "string", value: "DIR", help: "its folder, made if missing (default: <root>/peers/<personality>)", completes: "folders" },
    runtime: { type: "string", value: "R", multiple: true, help: "a runtime it has (default: claude)", completes: "runtimes" },
    description: { type: "string", value: "T", help: `what it is for, up to ${DESCRIPTION_LIMIT} characters` },
    intelligence: INTELLIGENCE,
    "no-provision": { type: "boolean", help: "run no provider command" },
    "if-revision": IF_REVISION,
  },
  positionals: [{ name: "personality", help: "its name: small letters, digits and dashes" }],
  examples: [
    { command: "iapeer add alice", note: "a peer with claude, in <root>/peers/alice" },
    { command: 'iapeer add bob --cwd ~/src/app --runtime claude --runtime codex --description "keeps the app"', note: "two runtimes in a folder of yours" },
  ],
  run: async ({ values, positionals }, context) => {
    const personality = parsePersonality(positionals[0]!);
    const ifRevision = parseCount(add, "if-revision", values["if-revision"], REVISIONS);
    const plan = await registerPeer(
      context.layout,
      { lockTimeoutMs: context.lockTimeoutMs, ...(ifRevision !== undefined && { ifRevision }) },
      {
        personality,
        cwd: parseFolder(values.cwd) ?? `${context.layout.peersFolder}/${personality}`,
        hasOwnFolder: values.cwd !== undefined,
        ...(values.runtime !== undefined && { runtimes: values.runtime.map(parseRuntime) }),
        ...(values.description !== undefined && { description: cutDescription(values.description, context.output) }),
        ...(values.intelligence !== undefined && { intelligence: values.intelligence as Intelligence }),
      },
    );
    const peer = toPeer(plan.row);
    const birth = values["no-provision"] ? { outcomes: [], status: 0 } : await giveBirth(peer, plan.newRuntimes, context);
    const json = { action: plan.action, peer: await toPeerJson(peer, readStatuses(context.layout)), outcomes: birth.outcomes, revision: plan.revision };
    context.output.result(json, () => `${SENTENCE[plan.action](personality, peer.cwd)}${renderOutcomes(birth.outcomes, context.output.colors)}`);
    return birth.status;
  },
});

const SENTENCE = {
  added: (name: string, cwd: string) => `added ${name} at ${cwd}`,
  merged: (name: string, cwd: string) => `merged into ${name} at ${cwd}`,
  unchanged: (name: string, cwd: string) => `${name} is registered at ${cwd} already; nothing changed`,
} as const;

/** A description that fits, cut between characters. */
export function cutDescription(text: string, output: Output): string {
  if (text.includes("\0") || !text.isWellFormed()) {
    throw new IapeerError("invalid-value", "the description holds a character that no file can keep (NUL, or half of a pair)");
  }
  const characters = Array.from(text);
  if (characters.length <= DESCRIPTION_LIMIT) return text;
  output.warn(`the description is ${characters.length} characters long and is cut at ${DESCRIPTION_LIMIT}`);
  return characters.slice(0, DESCRIPTION_LIMIT).join("");
}
