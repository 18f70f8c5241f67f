import { describe, expect, test } from "bun:test";
import { createColors } from "../../src/cli/colors.ts";
import { ALIASES, CHAPTERS, type Commands, type Group, loadVerbs, ROOT } from "../../src/cli/commands.ts";
import { renderHelp } from "../../src/cli/help.ts";
import { parseWords } from "../../src/cli/route.ts";
import { parseCall } from "../../src/cli/strict.ts";
import type { Verb } from "../../src/cli/verb.ts";

const plain = createColors(false);
const verbs = await loadVerbs(ROOT.subCommands);
const each: [string, Verb][] = verbs.map((verb) => [verb.meta.name, verb]);
const groups = Object.values<Commands[string]>(ROOT.subCommands).filter((one): one is Group => typeof one === "object");
const commands: readonly (Group | Verb)[] = [ROOT, ...groups, ...verbs];
const pages = new Map(await Promise.all(commands.map(async (one) => [one, await renderHelp(one, plain)] as const)));

/** The words of an example as bash splits them, up to a redirection. */
function wordsOf(command: string): string[] {
  const call = /iapeer [^>)]*/.exec(command)![0];
  const printed = Bun.spawnSync(["bash", "-c", `printf '%s\\0' ${call}`], { stdin: "ignore" }).stdout.toString();
  return printed.split("\0").slice(1, -1);
}

/** A page as one line, however it is broken. */
function flat(page: string): string {
  return page.replace(/\s+/g, " ");
}

describe.each(each)("the help of %s", (name, verb) => {
  const page = pages.get(verb)!;
  const usage = /^USAGE .*?(?=\n\n)/ms.exec(page)![0].replace(/\s+/g, " ");

  test("has an example", () => {
    expect(verb.examples.length).toBeGreaterThan(0);
  });

  test("has only examples that are right calls of it, each written as it is typed", async () => {
    for (const { command } of verb.examples) {
      expect(page).toContain(`\n  ${command}`);
      expect(await parseWords(wordsOf(command), plain)).toMatchObject({ kind: "verb", verb: { meta: { name } } });
    }
  });

  test("names each option and argument, with a word on what it is", () => {
    for (const [arg, { type, description, ...more }] of Object.entries(verb.args)) {
      const label = type === "positional" ? arg.toUpperCase() : `--${arg}`;
      expect(page).toMatch(new RegExp(`^  (?:-[a-z], )?${RegExp.escape(label)}`, "m"));
      expect(flat(page)).toContain(description);
      if ("negativeDescription" in more) expect(flat(page)).toContain(` --no-${arg} ${more.negativeDescription}`);
    }
  });

  test("shows in its usage line what a call needs", () => {
    expect(usage).toStartWith(`USAGE iapeer ${name} [OPTIONS]`);
    for (const [arg, { type, required }] of Object.entries(verb.args)) {
      if (type === "positional") expect(usage).toContain(required === false ? `[${arg.toUpperCase()}` : `<${arg.toUpperCase()}`);
      else if (required) expect(usage).toContain(` --${arg}=<`);
      else expect(usage).not.toContain(`--${arg}`);
    }
    if (verb.rest !== undefined) expect(usage).toContain(verb.rest.required ? ` -- ${verb.rest.name}` : `[-- ${verb.rest.name}]`);
  });

  test("asked for with --help or -h, needs nothing else of the call to be right", () => {
    for (const help of ["--help", "-h"]) expect(parseCall(verb, [help]).wantsHelp).toBe(true);
  });
});

describe("every page", () => {
  const all = [...pages].map(([command, page]) => [command.meta.name, page, command] as const);

  test.each(all)("%s fits a terminal of 80 columns, and no line ends in a space", (_, page) => {
    for (const line of page.split("\n")) {
      expect(Bun.stringWidth(line)).toBeLessThanOrEqual(80);
      expect(line).toBe(line.trimEnd());
    }
  });

  test.each(all)("%s has no escape sequence without colours", (_, page) => {
    expect(page).toBe(Bun.stripANSI(page));
  });

  test.each(all)("%s says the same in colours", async (_, page, command) => {
    expect(flat(Bun.stripANSI(await renderHelp(command, createColors(true))))).toBe(flat(page));
  });
});

test("the first page has a line for every verb, and a chapter for every command", async () => {
  const page = await renderHelp(ROOT, plain);
  for (const { meta } of verbs) expect(flat(page)).toContain(` ${meta.name} ${meta.description} `);
  for (const { title } of CHAPTERS) expect(page).toContain(`\n${title}\n`);
});

test("an alias is on the first page once, and on the page of its command", async () => {
  const page = flat(await renderHelp(ROOT, plain));
  for (const [alias, command] of Object.entries(ALIASES)) {
    expect(page.match(new RegExp(`[(, ]${alias}[,)]`, "g"))).toHaveLength(1);
    expect(flat(pages.get(verbs.find(({ meta }) => meta.name === command)!)!)).toContain(`iapeer ${alias}`);
  }
});

test.each(groups.map((group) => [group.meta.name, group]))("the page of %s has its commands only", async (_, group) => {
  const page = await renderHelp(group, plain);
  for (const word of Object.keys(group.subCommands)) expect(page).toMatch(new RegExp(`^  ${word} {2,}`, "m"));
  expect(page).not.toContain("memory-plugin");
});
