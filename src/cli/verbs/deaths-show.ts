import { type DeathDetails, LAST_LINES, showDeath, toDeathDetailsJson } from "../../app/deaths.ts";
import type { Forensics } from "../../status/deaths/types.ts";
import type { Colors } from "../colors.ts";
import { describeEnd, describeHow, renderIncident, renderVerdict } from "../death-text.ts";
import { renderDuration, renderFuture } from "../duration.ts";
import { tame } from "../../model/characters.ts";
import { defineVerb } from "../verb.ts";

export const deathsShow = defineVerb({
  meta: { name: "deaths show", description: "show everything that is known of one death" },
  args: { id: { type: "positional", description: "its id, or the first four digits or more" } },
  examples: [{ command: "iapeer deaths show 3f2a", note: "why it died, how long it lived, what it printed last" }],
  run: async ({ args }, { app, output }) => {
    const details = await showDeath(app, { id: args.id });
    output.result(toDeathDetailsJson(details), () => renderDeath(details, app.now(), output.colors));
    return 0;
  },
});

function renderDeath(details: DeathDetails, now: Date, colors: Colors): string {
  const { death, found, together } = details;
  const line = (label: string, value: string) => `${colors.dim(label.padEnd(11))}${value}`;
  const lived = death.lived_secs === undefined ? "" : `, after ${renderDuration(death.lived_secs)}`;
  const how = [describeHow(death), death.cause].filter((word, index, words) => word && words.indexOf(word) === index);
  const reasons = found.kind === "found" ? found.forensics.reasons : [];
  return [
    colors.bold(tame(`${death.identity}: ${describeEnd(death)}${lived}`)),
    line("id:", death.id),
    // The time of an unwitnessed end is the time when supervise found it.
    line(death.cause === "unwitnessed" ? "found:" : "when:", tame(`${death.ts}${renderFuture(death.ts, now)}`)),
    line("cause:", how.length === 0 ? colors.dim("not known") : tame(how.join(", "))),
    line("verdict:", renderVerdict(death.verdict, colors)),
    ...reasons.map((reason) => line("", tame(reason))),
    ...(together.length === 0 ? [] : [line("incident:", renderIncident(together))]),
    line("forensics:", found.kind === "found" ? tame(death.forensics!) : colors.yellow(tame(found.why))),
    ...(found.kind === "found" ? renderSections(found.forensics, details.lastLines, colors) : []),
  ].join("\n");
}

/** The sections of the forensics, with the last lines of the session first. */
function renderSections(forensics: Forensics, lastLines: readonly string[], colors: Colors): string[] {
  const others = forensics.sections.filter(({ name }) => name !== LAST_LINES);
  const sections = [
    { name: LAST_LINES, lines: lastLines },
    ...others.map(({ name, text }) => ({ name, lines: text.split("\n").map((line) => line.replaceAll("\t", "  ")) })),
  ];
  return sections.flatMap(({ name, lines }) => [
    "",
    colors.bold(`${tame(name)}:`),
    ...(lines.join("") === "" ? [colors.dim("  nothing")] : lines.map((line) => `  ${tame(line)}`)),
  ]);
}
