import type { ErrorCode } from "../../core/errors.ts";
import { parsePersonality } from "../../core/names.ts";
import { parseCount } from "../call.ts";
import type { Colors } from "../colors.ts";
import { renderOutcomes } from "../outcomes.ts";
import { type Removal, type RemovalJson, removePeer } from "../removal.ts";
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
    const removals: Removal[] = [];
    for (const [index, personality] of names.entries()) {
      const guard = index === 0 && ifRevision !== undefined ? { ifRevision } : {};
      const removal = await removePeer(personality, { isForced: values.force === true, ...guard }, context);
      removals.push(removal);
      if (STOPPERS.has(removal.json.error?.code)) break;
    }
    const { output } = context;
    const rows = removals.map(({ json }) => json);
    output.result(rows, () => rows.filter(({ action }) => action !== "failed").map((row) => renderRemoval(row, output.colors)).join("\n"));
    rows.forEach(({ error }) => error && output.error(error));
    return jointStatus(removals.map(({ status }) => status).filter((status) => status !== 0));
  },
});

/** After these the other peers are not tried. */
const STOPPERS: ReadonlySet<ErrorCode | undefined> = new Set(["interrupted", "revision-conflict"] as const);

function renderRemoval(removal: RemovalJson, colors: Colors): string {
  if (removal.action === "absent") return `${removal.personality} is not registered; nothing to remove`;
  return `removed ${removal.personality}; its folder stays: ${removal.cwd}${renderOutcomes(removal.unprovision, colors)}`;
}

/** What failed alike keeps its exit status; else 1. */
function jointStatus(failed: readonly number[]): number {
  return new Set(failed).size > 1 ? 1 : (failed[0] ?? 0);
}
