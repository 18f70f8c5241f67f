import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { scripts } from "../../package.json" with { type: "json" };
import { recordPage } from "../../scripts/record/page.ts";
import { findPages } from "../../scripts/record/pages.ts";
import { BINARY } from "../support/sandbox.ts";

const ROOT = join(import.meta.dir, "../..");

/** Columns are as wide as a folder's name, which is longer on some machines. */
function squeeze(page: string): string {
  return page.replaceAll(/ {2,}/g, "  ");
}

test.each(findPages())("every command of %s exits as the page says and prints what it shows", async (name) => {
  const page = await Bun.file(join(ROOT, name)).text();
  expect(squeeze(await recordPage(page, BINARY))).toBe(squeeze(page));
});

test.each([...findPages(), "CHANGELOG.md"])("every link of %s to another file leads to one", async (name) => {
  const page = await Bun.file(join(ROOT, name)).text();
  const targets = [...page.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, target]) => target!);
  expect(targets.filter((target) => !existsSync(join(ROOT, dirname(name), target)))).toEqual([]);
});

/** The anchors that a forge gives to a page's headings: small letters, digits, dashes for spaces, no other punctuation. */
function findAnchors(page: string): string[] {
  const headings = page.replaceAll(/^```[\s\S]*?^```$/gm, "").matchAll(/^#+ (.*)$/gm);
  return Array.from(headings, ([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, "")
      .replaceAll(" ", "-"),
  );
}

test.each([...findPages(), "CHANGELOG.md"])("every link of %s to a heading leads to one", async (name) => {
  const page = await Bun.file(join(ROOT, name)).text();
  const links = [...page.matchAll(/\]\((?!https?:)([^)#]*)#([^)]+)\)/g)].map(([, file, anchor]) => ({
    target: file === "" ? name : join(dirname(name), file!),
    anchor: anchor!,
  }));
  const lost = await Promise.all(
    links.map(async ({ target, anchor }) =>
      findAnchors(await Bun.file(join(ROOT, target)).text()).includes(anchor) ? [] : [`${target}#${anchor}`],
    ),
  );
  expect(lost.flat()).toEqual([]);
});

test.each(findPages())("every npm script that %s names exists", async (name) => {
  const page = await Bun.file(join(ROOT, name)).text();
  const named = [...page.matchAll(/npm (?:run ([\w:]+)|(test)\b)/g)].map(([, run, plain]) => run ?? plain!);
  expect(named.filter((script) => !Object.hasOwn(scripts, script))).toEqual([]);
});
