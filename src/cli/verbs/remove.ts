import { type Removal, removePeers, toRemovalJson } from "../../app/remove.ts";
import { parsePersonality } from "../../model/names.ts";
import type { Colors } from "../colors.ts";
import { withInterruption } from "../interruption.ts";
import { jointStatus, renderOutcomes } from "../outcomes.ts";
import type { Output } from "../output.ts";
import { IF_REVISION, parseRevision } from "../shared-options.ts";
import { tame } from "../../model/characters.ts";
import { defineVerb, type Verb } from "../verb.ts";

export const remove: Verb = defineVerb({
  meta: { name: "remove", description: "detach a peer's memory, and take the peer out of the registry" },
  details:
    "The peer's folder stays. A peer that is not registered is a success that says so. A removal that was interrupted goes on " +
    "when you run it again. A provider that fails is a warning.",
  args: {
    personality: { type: "positional", description: "the names of the peers", repeatable: true, completes: "peers" },
    force: { type: "boolean", description: "stop live sessions first" },
    "if-revision": IF_REVISION,
  },
  examples: [
    { command: "iapeer remove alice", note: "alice's folder stays" },
    { command: "iapeer remove alice bob --force", note: "two peers, live or not" },
  ],
  run: async ({ args }, { app, output }) => {
    const request = {
      personalities: args.personality.map(parsePersonality),
      isForced: args.force,
      ifRevision: parseRevision(remove, args["if-revision"]),
    };
    return await withInterruption(async ({ signal, exitStatus }) => {
      const removals = await removePeers(app, request, signal);
      report(removals, output);
      return jointStatus(
        removals.map((one) => (one.action === "failed" ? one.error : undefined)),
        { exitStatus },
      );
    });
  },
});

function report(removals: readonly Removal[], output: Output): void {
  output.result(removals.map(toRemovalJson), () =>
    removals
      .map((one) => renderRemoval(one, output.colors))
      .filter((line) => line !== undefined)
      .join("\n"),
  );
  for (const one of removals) if (one.action === "failed") output.error(one.error);
  if (output.isJson) return;
  for (const one of removals) if (one.action === "absent" && one.near !== undefined) output.note(`did you mean ${one.near}?`);
}

/** The line of one peer; undefined for a failure, which its error tells. */
function renderRemoval(removal: Removal, colors: Colors): string | undefined {
  const { personality, bootUnit, unprovision } = removal;
  const boot = bootUnit === undefined ? undefined : "it starts at boot no more";
  switch (removal.action) {
    case "failed":
      return undefined;
    case "absent":
      return `${personality} is not registered; ${boot ?? "nothing to remove"}`;
    case "removed": {
      const folder = `its folder ${removal.hasFolder ? "stays" : "was gone already"}: ${tame(removal.cwd)}`;
      return `removed ${[personality, ...(boot === undefined ? [] : [boot]), folder].join("; ")}${renderOutcomes(unprovision, colors)}`;
    }
  }
}
