import { IapeerError } from "../../core/errors.ts";
import { parsePersonality } from "../../core/names.ts";
import { parseCount } from "../call.ts";
import type { Colors } from "../output.ts";
import { renderOutcomes } from "../outcomes.ts";
import { type RemovalJson, removePeer } from "../removal.ts";
import { IF_REVISION, REVISIONS } from "../shared-options.ts";
import { defineVerb } from "../verb.ts";

export const remove = defineVerb({
  name: "remove",
  summary: "detach a peer's memory and take it out of the registry",
  description:
    "Its folder stays. A peer that is not there is a success that says so. A removal that was interrupted goes\n" +
    "on when it is run again. A provider that fails is a warning.",
  options: {
    force: { type: "boolean", help: "stop live sessions first" },
    "if-revision": IF_REVISION,
  },
  positionals: [{ name: "personality", help: "one peer, or several", isMany: true, completes: "peers" }],
  examples: [
    { command: "iapeer remove alice", note: "alice leaves; her folder stays" },
    { command: "iapeer remove alice bob --force", note: "two peers, live or not" },
  ],
  run: async ({ values, positionals }, context) => {
    const names = [...new Set(positionals.map(parsePersonality))];
    const ifRevision = parseCount(remove, "if-revision", values["if-revision"], REVISIONS);
    const removals: Awaited<ReturnType<typeof removePeer>>[] = [];
    for (const [index, personality] of names.entries()) {
      const guard = index === 0 && ifRevision !== undefined ? { ifRevision } : {};
      const removal = await removePeer(personality, { isForced: values.force === true, ...guard }, context);
      removals.push(removal);
      if (removal.error?.code === "interrupted" || removal.error?.code === "revision-conflict") break;
    }
    const { output } = context;
    output.result(removals.map(({ thrown: _, ...json }) => json), () => removals.filter(({ action }) => action !== "failed").map((one) => renderRemoval(one, output.colors)).join("\n"));
    const failed = removals.filter(({ action }) => action === "failed");
    failed.forEach(({ error }) => output.error(error!));
    return exitStatus(failed.map(({ thrown }) => thrown));
  },
});

function renderRemoval(removal: RemovalJson, colors: Colors): string {
  if (removal.action === "absent") return `${removal.personality} is not registered; nothing to remove`;
  return `removed ${removal.personality}; its folder stays: ${removal.cwd}${renderOutcomes(removal.unprovision, colors)}`;
}

/** That of the errors when they agree, else 1. */
function exitStatus(thrown: readonly unknown[]): number {
  const statuses = new Set(thrown.map((error) => (error instanceof IapeerError ? error.exitStatus : 70)));
  return statuses.size === 0 ? 0 : statuses.size === 1 ? [...statuses][0]! : 1;
}
