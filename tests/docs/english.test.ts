import { expect, test } from "bun:test";
import { join } from "node:path";
import { loadVerbs, ROOT as COMMANDS } from "../../src/cli/commands.ts";

const ROOT = join(import.meta.dir, "../..");
const PAGES = [
  "README.md",
  "CHANGELOG.md",
  "CONTRIBUTING.md",
  ...[...new Bun.Glob("docs/**/*.md").scanSync({ cwd: ROOT })].toSorted(),
];
const MOST_WORDS = 20;
const OPENER = /^(?:of|what|whether|who|whom|whose)\b/i;

/** The prose of a page, one text for each heading, paragraph, list item and table cell. A piece of code counts as one word. */
function findTexts(page: string): string[] {
  return page
    .replaceAll(/^```[\s\S]*?^```$/gm, "")
    .replaceAll(/`[^`]*`/g, "CODE")
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replaceAll("**", "")
    .split(/\n\s*\n|\n(?=\s*(?:[-*]|\d+\.) |[#|])/)
    .flatMap((block) => (block.trim().startsWith("|") ? block.split("|") : [block]))
    .map((text) => text.replace(/^\s*(?:#+|[-*]|\d+\.)\s/, "").trim())
    .filter((text) => /[A-Za-z]/.test(text));
}

function findSentences(page: string): string[] {
  return findTexts(page).flatMap((text) => text.replaceAll(/\s+/g, " ").split(/(?<=[.!?]["')]*) /));
}

async function readSentences(page: string): Promise<string[]> {
  return findSentences(await Bun.file(join(ROOT, page)).text());
}

test("sentences are found in headings, paragraphs, lists and tables, and not in blocks of code", () => {
  const page =
    "# The title\n\nOne line\ngoes on. `a. b` follows.\n- an item\n  of two lines\n- [a link](x.md#y)\n\n| a | b |\n| --- | --- |\n| c | d. E |\n\n```sh\nno prose\n```\n";
  expect(findSentences(page)).toEqual([
    "The title",
    "One line goes on.",
    "CODE follows.",
    "an item of two lines",
    "a link",
    "a",
    "b",
    "c",
    "d.",
    "E",
  ]);
});

test.each(PAGES)(`no sentence of %s has more than ${MOST_WORDS} words`, async (page) => {
  const sentences = await readSentences(page);
  expect(sentences.filter((sentence) => sentence.split(" ").length > MOST_WORDS)).toEqual([]);
});

test.each(PAGES)("every sentence of %s begins with its subject, and not with Of, What, Whether or Who", async (page) => {
  const sentences = await readSentences(page);
  expect(sentences.filter((sentence) => OPENER.test(sentence))).toEqual([]);
});

test("the help keeps to both rules", async () => {
  const verbs = await loadVerbs(COMMANDS.subCommands);
  const texts = verbs.flatMap(({ meta, details = "", args, rest, examples }) => [
    meta.description,
    ...details.split("\n"),
    ...Object.values(args).flatMap((arg) => [
      arg.description,
      ...("negativeDescription" in arg ? [arg.negativeDescription] : []),
    ]),
    ...(rest === undefined ? [] : [rest.description]),
    ...examples.map(({ note }) => note),
  ]);
  const sentences = texts.flatMap((text) => findSentences(text));
  expect(sentences.filter((sentence) => sentence.split(" ").length > MOST_WORDS || OPENER.test(sentence))).toEqual([]);
  expect(sentences.length).toBeGreaterThan(300);
});

test("every comment begins with its subject, too", async () => {
  const opener = /^\s*(?:\/\*\*|\/\/|\*) +(?:Of|What|Whether|Who|Whom|Whose) .*$/gm;
  const files = ["src", "scripts", "tests"].flatMap((folder) => [
    ...new Bun.Glob(`${folder}/**/*.{ts,mjs,js}`).scanSync({ cwd: ROOT }),
  ]);
  const found = await Promise.all(
    files.map(async (file) =>
      [...(await Bun.file(join(ROOT, file)).text()).matchAll(opener)].map(([line]) => `${file}: ${line.trim()}`),
    ),
  );
  expect(found.flat()).toEqual([]);
});
