import { renderTable } from "./table.ts";
import type { Colors } from "./colors.ts";
import { COMMON_OPTIONS, type Example, type OptionSpec, type OptionSpecs, type Positional, type Verb } from "./verb.ts";

export interface VerbGroup {
  readonly title: string;
  readonly verbs: readonly Verb[];
}

/** The first page: every verb, a line each. */
export function renderOverview(groups: readonly VerbGroup[], version: string, colors: Colors): string {
  const rows = groups.map(({ title, verbs }) => section(title, verbRows(verbs), colors));
  return [
    `iapeer ${version}: coding agents on this host, each with a name, a folder and the host's memory`,
    "",
    `${colors.bold("Usage:")} iapeer <command> [options]`,
    "",
    rows.join("\n\n"),
    "",
    section("Options of every command", optionRows(COMMON_OPTIONS), colors),
    "",
    "To read more: iapeer help <command>",
  ].join("\n");
}

/** The page of a word that begins several verbs: "provider". */
export function renderGroupHelp(word: string, verbs: readonly Verb[], colors: Colors): string {
  return [
    `${colors.bold("Usage:")} iapeer ${word} <command> [options]`,
    section("Commands:", verbRows(verbs), colors),
    `To read more: iapeer help ${word} <command>`,
  ].join("\n\n");
}

function verbRows(verbs: readonly Verb[]): string[][] {
  return verbs.map(({ name, summary }) => [name, summary]);
}

/** A verb's page. */
export function renderVerbHelp(verb: Verb, colors: Colors): string {
  const sections = [
    `iapeer ${verb.name}: ${verb.summary}`,
    `${colors.bold("Usage:")} iapeer ${renderUsageLine(verb)}`,
    ...(verb.description === undefined ? [] : [verb.description]),
    ...(verb.positionals.length === 0 && verb.rest === undefined ? [] : [section("Arguments:", argumentRows(verb), colors)]),
    section("Options:", optionRows({ ...verb.options, ...COMMON_OPTIONS }), colors),
    `${colors.bold("Examples:")}\n${verb.examples.map((example) => renderExample(example, colors)).join("\n")}`,
  ];
  return sections.join("\n\n");
}

function renderExample({ command, note }: Example, colors: Colors): string {
  return `  ${colors.dim(`# ${note}`)}\n  ${command}`;
}

function renderUsageLine(verb: Verb): string {
  const required = verb.positionals.map(renderPositional);
  const rest = verb.rest === undefined ? [] : ["--", verb.rest.name];
  return [verb.name, ...required, "[options]", ...rest].join(" ");
}

function renderPositional({ name, isOptional, isMany }: Positional): string {
  const word = `<${name}>${isMany ? "…" : ""}`;
  return isOptional ? `[${word}]` : word;
}

function argumentRows(verb: Verb): string[][] {
  const rest = verb.rest === undefined ? [] : [[verb.rest.name, verb.rest.help]];
  return [...verb.positionals.map((positional) => [`<${positional.name}>`, positional.help]), ...rest];
}

function optionRows(options: OptionSpecs): string[][] {
  return Object.entries(options).map(([name, spec]) => [renderOption(name, spec), renderOptionHelp(spec)]);
}

function renderOption(name: string, { short, type, value, multiple }: OptionSpec): string {
  const flag = short === undefined ? `--${name}` : `-${short}, --${name}`;
  return type === "boolean" ? flag : `${flag} ${value ?? "TEXT"}${multiple ? " …" : ""}`;
}

function renderOptionHelp({ help, choices }: OptionSpec): string {
  return choices === undefined ? help : `${help} (${choices.join(", ")})`;
}

function section(title: string, rows: readonly (readonly string[])[], colors: Colors): string {
  return `${colors.bold(title)}\n${indent(rows)}`;
}

function indent(rows: readonly (readonly string[])[]): string {
  const lines = renderTable([{ title: "" }, { title: "" }], rows)
    .split("\n")
    .slice(1);
  return lines.map((line) => `  ${line}`).join("\n");
}
