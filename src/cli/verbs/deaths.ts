import { type DeathList, listDeaths, listUnrecorded } from "../../app/deaths.ts";
import { parsePersonality } from "../../model/names.ts";
import type { Death } from "../../status/deaths/types.ts";
import { describeEnd, describeHow, renderIncident, renderVerdict } from "../death-text.ts";
import { parseDuration, renderAge } from "../duration.ts";
import type { Output } from "../output.ts";
import { ONE_PEER } from "../shared-options.ts";
import { type Cell, type Column, renderTable } from "../table.ts";
import { defineVerb, type Verb } from "../verb.ts";

export const deaths: Verb = defineVerb({
  meta: { name: "deaths", description: "list the ends of sessions and servers that nobody asked for" },
  details:
    "The newest comes first, and servers that died together stand together. An end by stop or remove is not listed.\n" +
    "For one death in full: iapeer deaths show <id>",
  args: {
    peer: ONE_PEER,
    since: {
      type: "string",
      valueHint: "duration",
      description: "only deaths of the last 90s, 30m, 24h or 7d (default: all that are kept)",
    },
  },
  examples: [
    { command: "iapeer deaths --since 24h", note: "the deaths of the last day" },
    { command: "iapeer deaths --peer alice --json", note: "one peer's deaths, for a script" },
  ],
  run: async ({ args }, { app, output }) => {
    const ageMs = args.since === undefined ? undefined : parseDuration(deaths, "since", args.since);
    const now = app.now();
    const found = await listDeaths(app, {
      personality: args.peer === undefined ? undefined : parsePersonality(args.peer),
      sinceMs: ageMs === undefined ? undefined : now.getTime() - ageMs,
    });
    output.result(found.wanted, () => renderDeaths(found, now, output));
    if (output.isJson) return 0;
    if (found.wanted.length === 0) output.note("no deaths");
    const unrecorded = await listUnrecorded(app);
    if (unrecorded.length > 0)
      output.note(`ended, and not recorded yet: ${unrecorded.join(", ")}; to record: iapeer supervise --once`);
    return 0;
  },
});

const COLUMNS: readonly Column[] = [
  { title: "WHEN" },
  { title: "IDENTITY" },
  { title: "WHAT" },
  { title: "VERDICT" },
  { title: "CAUSE", cuts: "end" },
  { title: "ID" },
];

/** Renders the table of deaths. The rows of an incident stand together, below a line about it. */
function renderDeaths({ wanted, all }: DeathList, now: Date, { colors, width }: Output): string {
  if (wanted.length === 0) return "";
  const rows = [...Map.groupBy(wanted, ({ id, incident }) => incident ?? id).values()].flat();
  const cells = rows.map((death) => toCells(death, now, { painted: renderVerdict(death.verdict, colors) }));
  const [titles, ...lines] = renderTable(COLUMNS, cells, { paintTitle: colors.bold, width: width() }).split("\n");
  const blocks = lines.flatMap((line, index) => {
    const { incident } = rows[index]!;
    const isFirst = incident !== undefined && incident !== rows[index - 1]?.incident;
    return isFirst ? [colors.bold(headIncident(incident, { wanted, all })), line] : [line];
  });
  return [titles, ...blocks].join("\n");
}

function toCells(death: Death, now: Date, verdict: Cell): Cell[] {
  const { ts, identity, incident, id } = death;
  const when = `${incident === undefined ? "" : "  "}${ts} (${renderAge(ts, now)})`;
  return [when, identity, describeEnd(death), verdict, describeHow(death), id];
}

/** The line counts every death of the incident, also those that are not shown. */
function headIncident(incident: string, { wanted, all }: DeathList): string {
  const members = all.filter((death) => death.incident === incident);
  const shown = wanted.filter((death) => death.incident === incident).length;
  return `${renderIncident(members)}${shown === members.length ? "" : ` (${shown} of them shown)`}`;
}
