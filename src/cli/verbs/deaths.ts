import { parseIdentity, parsePersonality } from "../../model/names.ts";
import { findUnrecorded } from "../../launch/unwitnessed.ts";
import { readRegistry } from "../../registry/registry.ts";
import { readDeaths } from "../../status/deaths/deaths.ts";
import type { Death } from "../../status/deaths/types.ts";
import type { Context } from "../../app/app.ts";
import { describeEnd, describeHow, renderIncident, renderVerdict } from "../death-text.ts";
import { parseDuration, renderAge } from "../duration.ts";
import { ONE_PEER } from "../shared-options.ts";
import { type Cell, type Column, renderTable } from "../table.ts";
import { defineVerb } from "../verb.ts";

export const deaths = defineVerb({
  meta: { name: "deaths", description: "show every end of a session or server that nobody asked for" },
  details:
    "The newest first; servers that died together stand together. An end by stop or remove is not one of these.\n" +
    "Everything about one of them: iapeer deaths show <id>",
  args: {
    peer: ONE_PEER,
    since: {
      type: "string",
      valueHint: "time",
      description: "only those of the last 90s, 30m, 24h or 7d (default: all that are known)",
    },
  },
  examples: [
    { command: "iapeer deaths --since 24h", note: "what died since yesterday" },
    { command: "iapeer deaths --peer alice --json", note: "for a script: one peer's" },
  ],
  run: async ({ values }, context) => {
    const { layout, output, now } = context;
    const sinceMs = values.since === undefined ? -Infinity : now().getTime() - parseDuration(deaths, "since", values.since);
    const personality = values.peer === undefined ? undefined : parsePersonality(values.peer);
    const all = readDeaths(layout);
    const own = personality === undefined ? all : deathsOf(personality, all, context);
    const wanted = own.filter(({ ts }) => Date.parse(ts) >= sinceMs);
    output.result(wanted, () => renderDeaths(wanted, all, context));
    if (output.isJson) return 0;
    if (wanted.length === 0) output.note("no deaths");
    const unrecorded = findUnrecorded(layout);
    if (unrecorded.length > 0)
      output.note(`ended, and not recorded yet: ${unrecorded.join(", ")}; to have it recorded: iapeer supervise --once`);
    return 0;
  },
});

/** Those of a peer, which may have been removed since. Throws `peer-not-found` where the registry does not know it either. */
function deathsOf(personality: string, all: readonly Death[], { layout }: Context): Death[] {
  const own = all.filter(({ identity }) => parseIdentity(identity)?.personality === personality);
  if (own.length === 0) readRegistry(layout).require(personality);
  return own;
}

const COLUMNS: readonly Column[] = [
  { title: "WHEN" },
  { title: "IDENTITY" },
  { title: "WHAT" },
  { title: "VERDICT" },
  { title: "CAUSE", cuts: "end" },
  { title: "ID" },
];

/** A table; above the rows of an incident, which stand together, what they have in common. */
function renderDeaths(shown: readonly Death[], all: readonly Death[], context: Context): string {
  if (shown.length === 0) return "";
  const { colors, width } = context.output;
  const rows = [...Map.groupBy(shown, ({ id, incident }) => incident ?? id).values()].flat();
  const table = renderTable(
    COLUMNS,
    rows.map((death) => toCells(death, context)),
    { paintTitle: colors.bold, width: width() },
  );
  const [titles, ...lines] = table.split("\n");
  const blocks = lines.flatMap((line, index) => {
    const { incident } = rows[index]!;
    const isFirst = incident !== undefined && incident !== rows[index - 1]?.incident;
    return isFirst ? [colors.bold(headIncident(incident, { shown, all })), line] : [line];
  });
  return [titles, ...blocks].join("\n");
}

function toCells(death: Death, { now, output }: Context): Cell[] {
  const { ts, identity, verdict, incident, id } = death;
  const when = `${incident === undefined ? "" : "  "}${ts} (${renderAge(ts, now())})`;
  return [when, identity, describeEnd(death), { painted: renderVerdict(verdict, output.colors) }, describeHow(death), id];
}

/** Who died is told of all of them, also of those that are not shown. */
function headIncident(
  incident: string,
  { shown, all }: { readonly shown: readonly Death[]; readonly all: readonly Death[] },
): string {
  const [members, here] = [all, shown].map((some) => some.filter((death) => death.incident === incident)) as [Death[], Death[]];
  return `${renderIncident(members)}${here.length === members.length ? "" : ` (${here.length} of them shown)`}`;
}
