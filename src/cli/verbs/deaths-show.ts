import { IapeerError } from "../../model/errors.ts";
import { findDeath, readDeaths, readForensics } from "../../status/deaths/deaths.ts";
import type { Death, Forensics } from "../../status/deaths/types.ts";
import type { Colors } from "../colors.ts";
import { describeEnd, describeHow, renderIncident, renderVerdict } from "../death-text.ts";
import { renderDuration } from "../duration.ts";
import { tame } from "../../model/characters.ts";
import { readableLines } from "../../core/text/terminal-text.ts";
import { defineVerb } from "../verb.ts";

/** The section of what the session printed last. */
const LAST_LINES = "last lines";

export const deathsShow = defineVerb({
  meta: { name: "deaths show", description: "show everything that is known of one death" },
  args: {
    id: { type: "positional", description: "its id, or the beginning of it: 4 digits or more" },
  },
  examples: [{ command: "iapeer deaths show 3f2a", note: "why, how long it lived, what it printed last" }],
  run: async ({ positionals }, { layout, output }) => {
    const all = readDeaths(layout);
    const death = findDeath(all, positionals[0]!);
    const found = findForensics(death);
    const json = {
      ...death,
      lived_secs: death.lived_secs ?? null,
      reasons: found.forensics?.reasons ?? [],
      last_lines: lastLinesOf(found.forensics),
      forensics_text: found.forensics?.text ?? null,
    };
    const together = death.incident === undefined ? [] : all.filter(({ incident }) => incident === death.incident);
    output.result(json, () => renderDeath(death, { found, together, colors: output.colors }));
    return 0;
  },
});

/** The forensics of a death, or why there are none. */
type Found =
  | { readonly forensics: Forensics; readonly missing?: never }
  | { readonly forensics?: never; readonly missing: string };

function findForensics({ forensics: path }: Death): Found {
  if (path === undefined) return { missing: "none were kept" };
  try {
    const forensics = readForensics(path);
    return forensics === undefined ? { missing: `${path} is gone` } : { forensics };
  } catch (error) {
    if (error instanceof IapeerError) return { missing: error.message };
    throw error;
  }
}

function lastLinesOf(forensics: Forensics | undefined): string[] {
  const text = forensics?.sections.find(({ name }) => name === LAST_LINES)?.text ?? "";
  return text === "" ? [] : readableLines(text);
}

interface Shown {
  readonly found: Found;
  /** Everything that died with it, itself too; empty when it died alone. */
  readonly together: readonly Death[];
  readonly colors: Colors;
}

function renderDeath(death: Death, { found, together, colors }: Shown): string {
  const line = (label: string, value: string) => `${colors.dim(label.padEnd(11))}${value}`;
  const lived = death.lived_secs === undefined ? "" : `, after ${renderDuration(death.lived_secs)}`;
  const how = [describeHow(death), death.cause].filter((word, index, words) => word && words.indexOf(word) === index);
  const blocks = found.forensics === undefined ? [] : renderSections(found.forensics, colors);
  return [
    colors.bold(tame(`${death.identity}: ${describeEnd(death)}${lived}`)),
    line("id:", death.id),
    // Of an end that nobody saw, when it was found.
    line(death.cause === "unwitnessed" ? "found:" : "when:", tame(death.ts)),
    line("cause:", how.length === 0 ? colors.dim("not known") : tame(how.join(", "))),
    line("verdict:", renderVerdict(death.verdict, colors)),
    ...(found.forensics?.reasons ?? []).map((reason) => line("", tame(reason))),
    ...(together.length === 0 ? [] : [line("incident:", renderIncident(together))]),
    line("forensics:", found.forensics === undefined ? colors.yellow(tame(found.missing)) : tame(death.forensics!)),
    ...blocks,
  ].join("\n");
}

/** What the session printed last comes first. */
function renderSections(forensics: Forensics, colors: Colors): string[] {
  const others = forensics.sections.filter(({ name }) => name !== LAST_LINES);
  const sections = [
    { name: LAST_LINES, lines: lastLinesOf(forensics) },
    ...others.map(({ name, text }) => ({ name, lines: text.split("\n").map((line) => line.replaceAll("\t", "  ")) })),
  ];
  return sections.flatMap(({ name, lines }) => [
    "",
    colors.bold(`${tame(name)}:`),
    ...(lines.join("") === "" ? [colors.dim("  nothing")] : lines.map((line) => `  ${tame(line)}`)),
  ]);
}
