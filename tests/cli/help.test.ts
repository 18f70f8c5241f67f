import { describe, expect, test } from "bun:test";
import { parseCall } from "../../src/cli/call.ts";
import { createColors } from "../../src/cli/colors.ts";
import { parseWords } from "../../src/cli/dispatch.ts";
import { renderGroupHelp, renderOverview, renderVerbHelp } from "../../src/cli/help.ts";
import type { Verb } from "../../src/cli/verb.ts";
import { loadVerbGroups } from "../../src/cli/verbs.ts";
import { rejectionOf } from "../support/scratch.ts";

const plain = createColors(false);
const groups = await loadVerbGroups();
const verbs = groups.flatMap((group) => group.verbs);
const each: [string, Verb][] = verbs.map((verb) => [verb.name, verb]);

/** The words of an example as bash splits them, up to a redirection. */
function wordsOf(command: string): string[] {
  const call = /iapeer [^>)]*/.exec(command)![0];
  const printed = Bun.spawnSync(["bash", "-c", `printf '%s\\0' ${call}`], { stdin: "ignore" }).stdout.toString();
  return printed.split("\0").slice(1, -1);
}

describe.each(each)("the help of %s", (name, verb) => {
  const page = renderVerbHelp(verb, plain);

  test("has an example", () => {
    expect(verb.examples.length).toBeGreaterThan(0);
  });

  test("has only examples that are right calls of it", async () => {
    for (const { command } of verb.examples) {
      const request = await parseWords(wordsOf(command), plain);
      expect(request).toMatchObject({ kind: "verb", verb: { name } });
    }
  });

  test("names each option and argument, with a word on what it is", () => {
    for (const [option, { help }] of Object.entries(verb.options))
      expect(page).toMatch(new RegExp(`  (?:-[a-z], )?--${option}\\b.*  .*${RegExp.escape(help)}`));
    for (const positional of verb.positionals) expect(page).toContain(`<${positional.name}>`);
    for (const common of ["--json", "--root DIR", "-h, --help"]) expect(page).toContain(`  ${common}`);
  });

  test("fits a terminal of 120 columns", () => {
    for (const line of page.split("\n")) expect(Bun.stringWidth(line)).toBeLessThanOrEqual(120);
  });

  test("asked for with --help or -h, needs nothing else of the call to be right", () => {
    for (const help of ["--help", "-h"]) expect(parseCall(verb, [help]).wantsHelp).toBe(true);
  });
});

test("the first page has a line for every verb, and fits a terminal of 120 columns", () => {
  const page = renderOverview(groups, "1.2.3", plain);
  for (const { name, summary } of verbs) expect(page).toMatch(new RegExp(`^  ${name} +${RegExp.escape(summary)}$`, "m"));
  for (const line of page.split("\n")) expect(line.length).toBeLessThanOrEqual(120);
});

test("the page of a group has its verbs only", () => {
  const page = renderGroupHelp(
    "provider",
    verbs.filter(({ name }) => name.startsWith("provider ")),
    plain,
  );
  expect(page).toContain("provider check");
  expect(page).not.toContain("memory-plugin");
});

describe("a command line", () => {
  test.each([
    [["--root", "r", "list"], "list"],
    [["--json", "provider", "check"], "provider check"],
    [["provider", "run", "birth", "--peer", "x"], "provider run"],
  ])("%j is a call of %s", async (words, name) => {
    expect(await parseWords(words, plain)).toMatchObject({ kind: "verb", verb: { name } });
  });

  test.each([
    [["help"]],
    [["--help"]],
    [["-h", "--json"]],
    [["help", "provider"]],
    [["provider", "-h"]],
    [["--help", "add"]],
    [["add", "-h", "stray", "stray"]],
  ])("%j is answered with a page", async (words) => {
    expect((await parseWords(words, plain)).kind).toBe("page");
  });

  test.each([
    [["frobnicate"], "unknown-command", "see: iapeer --help"],
    [["ad", "x"], "unknown-command", "did you mean iapeer add?"],
    [["provision", "exce"], "unknown-command", "did you mean iapeer provision exec?"],
    [["help", "lst"], "unknown-command", "did you mean iapeer list?"],
    [["provider"], "usage", "one of: provider check, provider run"],
    [["--colour", "list"], "usage", "options of a command stand after it; see: iapeer --help"],
    [["--jsn", "list"], "usage", "did you mean --json?"],
    [["--json"], "usage", "see: iapeer --help"],
    [["version", "list"], "usage", undefined],
    [["list", "--version"], "usage", "see: iapeer list --help"],
  ])("%j is refused: %s", async (words, code, hint) => {
    expect(await rejectionOf(parseWords(words, plain))).toMatchObject({ code: code as "usage", hint });
  });
});
