import { identityOf, type Intelligence, parsePersonality, parseRuntime } from "../../core/names.ts";
import { IapeerError } from "../../core/errors.ts";
import { addedRuntimes, updatePeer } from "../../registry/register.ts";
import { requireRow, updateRow } from "../../registry/edits.ts";
import { toPeer } from "../../registry/schema.ts";
import { readRegistry } from "../../registry/store.ts";
import { readStatuses } from "../../status/peer-status.ts";
import { giveBirth } from "../birth.ts";
import { parseCount, usage } from "../call.ts";
import type { Context } from "../context.ts";
import { renderOutcomes } from "../outcomes.ts";
import { toPeerJson } from "../peer-json.ts";
import { detachRuntimes } from "../removal.ts";
import { IF_REVISION, INTELLIGENCE, REVISIONS } from "../shared-options.ts";
import { defineVerb } from "../verb.ts";
import { cutDescription } from "./add.ts";

export const update = defineVerb({
  name: "update",
  summary: "change what is said of a peer",
  description: "A runtime that is added gets a birth; from one that is taken away the memory is detached first.",
  options: {
    description: { type: "string", value: "T", help: "what it is for" },
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
    { command: "iapeer update alice --add-runtime codex --default-runtime codex", note: "one more runtime, which is then the one that is meant" },
  ],
  run: async ({ values, positionals }, context) => {
    const personality = parsePersonality(positionals[0]!);
    const ifRevision = parseCount(update, "if-revision", values["if-revision"], REVISIONS);
    const removed = values["remove-runtime"]?.map(parseRuntime) ?? [];
    const request = {
      ...(values.description !== undefined && { description: cutDescription(values.description, context.output) }),
      ...(values["add-runtime"] !== undefined && { addRuntimes: values["add-runtime"].map(parseRuntime) }),
      ...(removed.length > 0 && { removeRuntimes: removed }),
      ...(values["default-runtime"] !== undefined && { defaultRuntime: parseRuntime(values["default-runtime"]) }),
      ...(values.intelligence !== undefined && { intelligence: values.intelligence as Intelligence }),
    };
    if (Object.keys(request).length === 0) throw usage(update, "nothing to change is given");
    await refuseLive(personality, removed, context);
    const change = { lockTimeoutMs: context.lockTimeoutMs, ...(ifRevision !== undefined && { ifRevision }) };
    const isSilent = values["no-provision"] === true;
    const current = requireRow(readRegistry(context.layout), personality);
    // Refuses what cannot be, before anything is detached.
    updateRow(current, request);
    const detached = removed.length === 0 ? [] : await detachRuntimes({ ...toPeer(current), runtimes: removed }, { isSilent }, context);
    const { before, row, revision } = await updatePeer(context.layout, change, personality, request);
    const peer = toPeer(row);
    const birth = isSilent ? { outcomes: [], status: 0 } : await giveBirth(peer, addedRuntimes(before, row), context);
    const outcomes = [...detached, ...birth.outcomes];
    const json = { action: row === before ? "unchanged" : "updated", peer: await toPeerJson(peer, readStatuses(context.layout)), outcomes, revision };
    context.output.result(json, () => `${row === before ? `nothing to change at ${personality}` : `updated ${personality}`}${renderOutcomes(outcomes, context.output.colors)}`);
    return birth.status;
  },
});

/** A runtime is not taken from under a session that uses it. */
async function refuseLive(personality: string, runtimes: readonly string[], { layout }: Context): Promise<void> {
  if (runtimes.length === 0) return;
  requireRow(readRegistry(layout), personality);
  const statuses = readStatuses(layout);
  for (const runtime of runtimes) {
    if ((await statuses.statusOf(runtime, personality)) !== "live") continue;
    throw new IapeerError("peer-live", `${identityOf(runtime, personality)} is live`, { hint: "end its session first" });
  }
}
