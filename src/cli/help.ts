import { type ArgDef, type ArgsDef, type CommandDef, renderUsage } from "citty";
import type { Colors } from "./colors.ts";
import { aliasesOf, CHAPTERS, type Group, isVerb, loadVerbs, ROOT } from "./commands.ts";
import { fitPage } from "./page.ts";
import { type Args, COMMON_ARGS, type Verb } from "./verb.ts";

/** The widest line of a page. A terminal has 80 columns by default. */
const COLUMNS = 80;

const BEGIN = "To begin: iapeer add alice, then iapeer launch alice, then iapeer attach alice";

/** The parent of every command for citty. It has no version: only the first page shows that. */
const PROGRAM: CommandDef = { meta: { name: ROOT.meta.name } };

/** Renders the page of a command: citty's usage, our details and our examples. */
export async function renderHelp(command: Group | Verb, colors: Colors): Promise<string> {
  const page =
    command === ROOT
      ? await renderRoot(colors)
      : isVerb(command)
        ? await renderVerb(command, colors)
        : await renderGroup(command);
  return colors.keep(fitPage(page, COLUMNS)).replace(/ +$/gm, "");
}

/** Renders the first page: a line for every verb. citty would only list the words at the top. */
async function renderRoot(colors: Colors): Promise<string> {
  const args: Args = { command: { type: "positional", description: "one of the commands below" }, ...COMMON_ARGS };
  const usage = await renderUsage({ meta: ROOT.meta, args });
  const chapters = CHAPTERS.map(async ({ title, commands }) => {
    const rows = (await loadVerbs(commands)).map(
      ({ meta }) => `  ${meta.name}    ${meta.description}${renderAliases(meta.name)}`,
    );
    return [colors.bold(title), "", ...rows, ""].join("\n");
  });
  return [usage, ...(await Promise.all(chapters)), BEGIN, "To read more: iapeer help <command>"].join("\n");
}

function renderAliases(name: string): string {
  const aliases = aliasesOf(name);
  return aliases.length === 0 ? "" : ` (also: ${aliases.join(", ")})`;
}

async function renderGroup({ meta, subCommands }: Group): Promise<string> {
  return await renderUsage({ meta: toHeadline(meta), subCommands: { ...subCommands } }, PROGRAM);
}

async function renderVerb(verb: Verb, colors: Colors): Promise<string> {
  const usage = await renderUsage({ meta: toHeadline(verb.meta), args: toArgs(verb) }, PROGRAM);
  const [headline, ...sections] = usage.replace(`<-- ${verb.rest?.name}>`, `-- ${verb.rest?.name}`).split("\n");
  const aliases = aliasesOf(verb.meta.name).map((word) => `iapeer ${word}`);
  const also = aliases.length === 0 ? [] : [`It is also called ${aliases.join(" and ")}.`];
  const details = [...(verb.details === undefined ? [] : [verb.details]), ...also].flatMap((paragraph) => ["", paragraph]);
  const examples = verb.examples.map(({ command, note }) => `  ${colors.dim(`# ${note}`)}\n  ${command}`);
  return [headline, ...details, ...sections, colors.bold("EXAMPLES"), "", ...examples].join("\n");
}

function toHeadline({ name, description }: Verb["meta"]) {
  return { name, description: `${description[0]!.toUpperCase()}${description.slice(1)}` };
}

/** The arguments for citty's usage. Names and descriptions say what citty has no field for. */
function toArgs({ args, rest }: Verb): ArgsDef {
  const shown = Object.entries(args).map(([name, arg]): [string, ArgDef] => {
    if (arg.type === "string")
      return [name, { ...arg, description: `${arg.description}${arg.repeatable ? " (repeatable)" : ""}` }];
    if (arg.type !== "positional") return [name, arg];
    const choices = arg.choices === undefined ? "" : ` (${arg.choices.join(", ")})`;
    return [arg.repeatable ? `${name}…` : name, { ...arg, description: `${arg.description}${choices}` }];
  });
  if (rest !== undefined)
    shown.push([`-- ${rest.name}`, { type: "positional", description: rest.description, required: rest.required === true }]);
  return Object.fromEntries(shown);
}
