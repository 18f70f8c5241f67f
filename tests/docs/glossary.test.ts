import { expect, test } from "bun:test";
import { join } from "node:path";

const DOCS = join(import.meta.dir, "../../docs");
const ROW = /^\| (?<word>[a-z]+) \| (?<meaning>.+) \| \[(?<title>[^\]]+)\]\((?<page>[\w-]+\.md)(?:#(?<anchor>[\w-]+))?\) \|$/gm;

async function readRows() {
  return [...(await Bun.file(join(DOCS, "glossary.md")).text()).matchAll(ROW)].map(({ groups }) => groups!);
}

/** The prose of a page from one heading to the next of its level or a higher one; empty where the page has no such heading. */
function sectionOf(page: string, heading: string): string {
  const sections = page.replaceAll(/^```[\s\S]*?^```$/gm, "").split(/^(?=#+ )/m);
  const first = sections.findIndex((section) => section.split("\n", 1)[0]!.replace(/^#+ /, "") === heading);
  if (first === -1) return "";
  const after = sections.findIndex((section, index) => index > first && levelOf(section) <= levelOf(sections[first]!));
  return sections.slice(first, after === -1 ? undefined : after).join("");
}

function levelOf(section: string): number {
  return /^#+/.exec(section)![0].length;
}

test("the glossary has ten words, each one once", async () => {
  const words = (await readRows()).map(({ word }) => word);
  expect(words).toHaveLength(10);
  expect(new Set(words).size).toBe(10);
});

test("each word of the glossary is explained under the heading that its row names", async () => {
  const rows = await readRows();
  const lost = await Promise.all(
    rows.map(async ({ word, title, page }) => {
      const section = sectionOf(await Bun.file(join(DOCS, page!)).text(), title!);
      return new RegExp(`\\b${word}`, "i").test(section) ? [] : [`${word}: ${page} has it not under "${title}"`];
    }),
  );
  expect(lost.flat()).toEqual([]);
});
