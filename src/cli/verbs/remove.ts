import { existsSync } from "node:fs";
import type { ErrorCode } from "../../model/errors.ts";
import { nearest, parsePersonality } from "../../model/names.ts";
import { readRegistry } from "../../registry/registry.ts";
import type { Colors } from "../colors.ts";
import type { Context } from "../../app/app.ts";
import { jointStatus, renderOutcomes } from "../outcomes.ts";
import type { Output } from "../output.ts";
import { type Removal, type RemovalJson, removePeer } from "../../app/peers/removal.ts";
import { changeOptionsFrom, IF_REVISION } from "../shared-options.ts";
import { tame } from "../../model/characters.ts";
import { defineVerb } from "../verb.ts";

export const remove = defineVerb({
  meta: { name: "remove", description: "detach a peer's memory and take it out of the registry" },
  details:
    "Its folder stays. A peer that is not there is a success that says so. A removal that was interrupted goes\n" +
    "on when it is run again. A provider that fails is a warning.",
  args: {
    personality: { type: "positional", description: "one peer, or several", repeatable: true, completes: "peers" },
    force: { type: "boolean", description: "stop live sessions first" },
    "if-revision": IF_REVISION,
  },
  examples: [
    { command: "iapeer remove alice", note: "alice leaves; her folder stays" },
    { command: "iapeer remove alice bob --force", note: "two peers, live or not" },
  ],
  run: async ({ values, positionals }, context) => {
    const names = [...new Set(positionals.map(parsePersonality))];
    const change = changeOptionsFrom(remove, values["if-revision"], context);
    const removals: Removal[] = [];
    for (const personality of names) {
      // Our own first removal moves the revision on: it guards that one alone.
      const guarded = removals.length === 0 ? change : { lockTimeoutMs: context.lockTimeoutMs };
      removals.push(await removePeer(personality, { isForced: values.force === true, change: guarded }, context));
      if (STOPPERS.has(removals.at(-1)!.json.error?.code)) break;
    }
    const rows = removals.map(({ json }) => json);
    report(rows, context.output);
    hintAtNames(rows, context);
    return jointStatus(removals.map(({ status }) => status));
  },
});

function report(rows: readonly RemovalJson[], output: Output): void {
  const done = rows.filter(({ action }) => action !== "failed");
  output.result(rows, () => done.map((row) => renderRemoval(row, output.colors)).join("\n"));
  rows.forEach(({ error }) => error && output.error(error));
}

/** A peer that is not there may be a slip of the finger. */
function hintAtNames(rows: readonly RemovalJson[], { layout, output }: Context): void {
  const absent = rows.filter(({ action }) => action === "absent");
  if (output.isJson || absent.length === 0) return;
  const names = readRegistry(layout).peers.map(({ personality }) => personality);
  for (const { personality } of absent) {
    const near = nearest(personality, names);
    if (near !== undefined) output.note(`did you mean ${near}?`);
  }
}

/** After these the other peers are not tried. */
const STOPPERS: ReadonlySet<ErrorCode | undefined> = new Set(["interrupted", "revision-conflict"] as const);

function renderRemoval(removal: RemovalJson, colors: Colors): string {
  const boot = removal.bootUnit === undefined ? "" : "; it starts at boot no more";
  if (removal.action === "absent")
    return `${removal.personality} is not registered; ${boot === "" ? "nothing to remove" : "it starts at boot no more"}`;
  return `removed ${removal.personality}${boot}; ${describeFolder(removal.cwd ?? "")}${renderOutcomes(removal.unprovision, colors)}`;
}

function describeFolder(cwd: string): string {
  return existsSync(cwd) ? `its folder stays: ${tame(cwd)}` : `its folder was gone already: ${tame(cwd)}`;
}
