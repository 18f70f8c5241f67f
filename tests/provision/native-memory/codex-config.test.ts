import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import type { TextEdit } from "../../../src/core/disk/foreign-file.ts";
import { readTomlValue } from "../../../src/core/text/toml-edit.ts";
import { switchCodexMemory, trustFolder, untrustFolder } from "../../../src/provision/native-memory/codex-config.ts";

function textOf(edit: TextEdit): string {
  if (edit.state !== "changed") throw new Error(`not changed: ${JSON.stringify(edit)}`);
  return edit.text;
}

describe("memories = false goes where the text has its features", () => {
  test.each<[string, string, string]>([
    ["an empty text", "", "[features]\nmemories = false\n"],
    ["no features at all", "a = 1\n", "a = 1\n\n[features]\nmemories = false\n"],
    ["no newline at the end", "a = 1 # c", "a = 1 # c\n\n[features]\nmemories = false"],
    [
      "a table, keys indented, comments below",
      "[features] # f\n  x = true # x\n\n\t# end\n[z]\n",
      "[features] # f\n  x = true # x\n  memories = false\n\n\t# end\n[z]\n",
    ],
    ["a table at the very end", "[features]\nx = 1", "[features]\nx = 1\nmemories = false"],
    ["an inline table", "features = { a = 1 }   # c\n", "features = { a = 1, memories = false }   # c\n"],
    ["an inline table with a comma at its end", "features = {a=1,  b = 2 ,}\n", "features = {a=1,  b = 2, memories = false ,}\n"],
    ["an empty inline table", "features = {}\n", "features = { memories = false }\n"],
    ["dotted keys", "features.z   = 3\nb = 1\n", "features.z   = 3\nfeatures.memories = false\nb = 1\n"],
    ["a table below it only", "[features.sub]\nx = 1\n", "[features.sub]\nx = 1\n\n[features]\nmemories = false\n"],
    [
      "CRLF",
      "a = 1\r\n\r\n[features]\r\nx = 1\r\n# end\r\n",
      "a = 1\r\n\r\n[features]\r\nx = 1\r\nmemories = false\r\n# end\r\n",
    ],
    ["a value that is true", "[features]\nmemories   =   true   # mine\n", "[features]\nmemories   =   false   # mine\n"],
    ["a dotted value that is true", "features.memories = true\n", "features.memories = false\n"],
    ["quoted keys", '[ "features" ]\n"memories"=true\n', '[ "features" ]\n"memories"=false\n'],
  ])("%s", (_, before, after) => expect(textOf(switchCodexMemory(before, "off"))).toBe(after));
});

test.each(["[features]\nmemories = false\n", "features = { memories = false }", "features.memories=false"])(
  "%j is off already",
  (text) => {
    expect(switchCodexMemory(text, "off")).toEqual({ state: "unchanged" });
  },
);

test.each<[string, string, string]>([
  ["the whole table, when nothing else is in it", "a = 1\n\n[features]\nmemories = false\n", "a = 1\n"],
  ["the line alone, when there is more", "[features]\nmemories = false\nx = 1\n", "[features]\nx = 1\n"],
  ["the value, when a comment is on its line", "[features]\n  memories = false # why\n", "[features]\n  # why\n"],
  ["the line alone, when the header has a comment", "[features] # f\nmemories = false\n", "[features] # f\n"],
  ["the first of an inline table", "features = { memories = false, a = 1 }\n", "features = { a = 1 }\n"],
  ["the last of an inline table", "features = { a = 1, memories = false }\n", "features = { a = 1 }\n"],
])("on takes out %s", (_, before, after) => expect(textOf(switchCodexMemory(before, "on"))).toBe(after));

test.each(["", "[features]\nmemories = true\n", "[features]\nx = 1\n"])("on leaves %j alone", (text) => {
  expect(switchCodexMemory(text, "on")).toEqual({ state: "unchanged" });
});

test.each<[string, string, string]>([
  ["broken TOML", "[features\nx = 1\n", "is not TOML"],
  ["a key that is there twice", "a = 1\na = 2\n", "is not TOML"],
  ["features that are no table", "features = 1\n", "without touching other keys"],
  ["features that are an array of tables", "[[features]]\nx = 1\n", "without touching other keys"],
  ["memories that are a table", "[features]\nmemories = { a = 1 }\n", "where a plain value belongs"],
  ["arrays nested deeper than any stack", `a = ${"[".repeat(300_000)}`, "is not TOML"],
])("%s is left alone, with a reason", (_, text, why) => {
  const edit = switchCodexMemory(text, "off");
  expect(edit).toMatchObject({ state: "refused" });
  expect((edit as { why: string }).why).toContain(why);
});

describe("a folder becomes a key that reads back as that folder", () => {
  test.each([
    "/plain",
    "/with space",
    '/quo"te',
    "/back\\slash",
    "/brack]et",
    "/dot.ted",
    "/новая 😀",
    "/new\nline",
    "/del\u007f",
    "/tab\t",
  ])("%j", (folder) => {
    const trusted = textOf(trustFolder("model = 'x'\n", folder));
    expect(readTomlValue(trusted, ["projects", folder, "trust_level"])).toBe("trusted");
    expect(Bun.TOML.parse(trusted)).toEqual({ model: "x", projects: { [folder]: { trust_level: "trusted" } } });
    expect(textOf(untrustFolder(trusted, folder))).toBe("model = 'x'\n");
  });
});

test.each(["untrusted", "on-request"])("a folder that somebody called %j is not trusted over their head", (level) => {
  const text = `[projects."/x"]\ntrust_level = "${level}"\n`;
  expect(trustFolder(text, "/x")).toMatchObject({ state: "refused" });
  expect(untrustFolder(text, "/x")).toEqual({ state: "unchanged" });
});

test.each([
  '[projects."/x"]\ntrust_level = "trusted"\n',
  'projects = { "/x" = { trust_level = "trusted" } }',
  "projects.'/x'.trust_level = 'trusted'",
])("%j trusts the folder already", (text) => expect(trustFolder(text, "/x")).toEqual({ state: "unchanged" }));

test("the trust of one peer goes without a trace while those around it stay", () => {
  const start = "model = 'x' # mine\n";
  const one = textOf(trustFolder(start, "/one"));
  const three = textOf(trustFolder(textOf(trustFolder(one, "/two")), "/three"));
  const without = textOf(untrustFolder(three, "/two"));
  expect(without).toBe(textOf(trustFolder(one, "/three")));
  expect(textOf(untrustFolder(textOf(untrustFolder(without, "/one")), "/three"))).toBe(start);
});

const key = fc.constantFrom("a", "b", '"q k"', "'l'", "features", "projects", '"/x"', '"é😀"', "memories", "trust_level");
const space = fc.constantFrom("", " ", "  ", "\t");
const comment = fc.constantFrom("", "# c", ' # é😀 "x" [y]', "\t# [features]");
const value = fc.constantFrom(
  "1",
  "true",
  '"s # no"',
  "'''\nml\n'''",
  '"""\na\n"""',
  "[1, # c\n 2]",
  "{ a = 1 }",
  "{}",
  "{a=1,b.c=2}",
  "1979-05-27",
  "0x1F",
  "inf",
);
const dotted = fc.tuple(fc.array(key, { minLength: 1, maxLength: 3 }), space).map(([keys, gap]) => keys.join(`${gap}.${gap}`));
const line = fc.oneof(
  { weight: 5, arbitrary: fc.tuple(space, dotted, space, value, comment).map(([a, k, b, v, c]) => `${a}${k}${b}=${a}${v} ${c}`) },
  { weight: 3, arbitrary: fc.tuple(space, dotted, space, comment).map(([a, k, b, c]) => `${a}[${b}${k}${b}]${c}`) },
  { weight: 1, arbitrary: dotted.map((k) => `[[${k}]]`) },
  { weight: 2, arbitrary: fc.tuple(space, comment).map(([a, c]) => a + c) },
);
const document = fc
  .tuple(fc.array(line, { maxLength: 8 }), fc.constantFrom("\n", "\r\n"), fc.boolean())
  .map(([lines, eol, isEnded]) => `${lines.join("\n")}${isEnded && lines.length > 0 ? "\n" : ""}`.replaceAll("\n", eol));

/** Tells whether the edit is one insertion, so that every other byte is where it was. */
function isInsertion(before: string, after: string): boolean {
  let head = 0;
  while (head < before.length && before[head] === after[head]) head += 1;
  return after.endsWith(before.slice(head));
}

const FOLDER = '/p/"a\\b]\n é😀';

test.each<[string, (text: string) => TextEdit, (text: string) => TextEdit]>([
  ["trust", (text) => trustFolder(text, FOLDER), (text) => untrustFolder(text, FOLDER)],
  ["memories = false", (text) => switchCodexMemory(text, "off"), (text) => switchCodexMemory(text, "on")],
])("in any TOML, %s is one insertion, and taking it out again gives the very same text", (_, there, back) => {
  fc.assert(
    fc.property(document, (text) => {
      // A value that was there is replaced; a header with nothing below it goes with the key.
      fc.pre(!text.includes("memories") && !/\[\s*features\s*\]/.test(text));
      const edited = there(text);
      if (edited.state !== "changed") return;
      expect(isInsertion(text, edited.text)).toBe(true);
      expect(textOf(back(edited.text))).toBe(text);
    }),
    { numRuns: 1500 },
  );
});
