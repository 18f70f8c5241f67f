import { expect, test } from "bun:test";
import { parseBlocks, parseTyped } from "../../scripts/record/blocks.ts";
import { recordPage } from "../../scripts/record/page.ts";
import { BINARY } from "../support/sandbox.ts";

const page = (...blocks: string[]) => ["# A page", ...blocks, "The end."].join("\n");
const block = (info: string, ...lines: string[]) => ["```" + info, ...lines, "```"].join("\n");

test("only blocks that are run are found, in page order", () => {
  const blocks = parseBlocks(page(block("sh", "true"), block("text", "npm test"), block("console", "$ echo a", "a"), block("console demo")));
  expect(blocks.map(({ kind }) => kind)).toEqual(["sh", "console", "demo"]);
  expect(parseTyped(blocks[1]!)).toEqual(["echo a"]);
});

test("a recording replaces what a page shows by what is printed now", async () => {
  const told = page(block("sh", "word=new"), block("console", "$ echo $word; exit_with() { return $1; }", "old", "$ exit_with 3"));
  const recorded = page(block("sh", "word=new"), block("console", "$ echo $word; exit_with() { return $1; }", "new", "$ exit_with 3", "(exit 3)"));
  expect(await recordPage(told, BINARY)).toBe(recorded);
});

test("a page's paths and times are its reader's", async () => {
  const recorded = await recordPage(page(block("console", "$ echo ~/x ts=$(date -u +%Y-%m-%dT%H:%M:%S.123Z) ms=4711")), BINARY);
  expect(recorded).toContain("\n/home/somebody/x ts=2026-01-02T03:04:05.678Z ms=12\n");
});

test.each([
  ["fails without a mark", "false"],
  ["does not fail as its mark says", "true # exit 1"],
  ["fails otherwise than its mark says", "(exit 2) # exit 1"],
])("a line of a sh block that %s stops the recording", async (_what, line) => {
  expect(recordPage(page(block("sh", line)), BINARY)).rejects.toThrow("did not exit as the page says");
});

test("a line of a sh block that fails as its mark says is as it should be", async () => {
  const same = page(block("sh", "(exit 5) # exit 5"));
  expect(await recordPage(same, BINARY)).toBe(same);
});
