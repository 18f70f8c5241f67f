import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { parse } from "jsonc-parser";
import type { TextEdit } from "../../../src/core/disk/foreign-file.ts";
import { switchClaudeMemory } from "../../../src/provision/native-memory/claude-settings.ts";

function textOf(edit: TextEdit): string {
  if (edit.state !== "changed") throw new Error(`not changed: ${JSON.stringify(edit)}`);
  return edit.text;
}

describe("off writes the key, in the shape of the text", () => {
  test.each<[string, string | undefined, string]>([
    ["no file", undefined, '{\n  "autoMemoryEnabled": false\n}\n'],
    ["an empty object", "{}\n", '{ "autoMemoryEnabled": false }\n'],
    ["an empty object over two lines", "{\n}", '{\n  "autoMemoryEnabled": false\n}'],
    ["keys on their own lines", '{\n    "a": 1\n}\n', '{\n    "autoMemoryEnabled": false,\n    "a": 1\n}\n'],
    ["tabs and CRLF", '{\r\n\t"a": 1\r\n}', '{\r\n\t"autoMemoryEnabled": false,\r\n\t"a": 1\r\n}'],
    ["one line", '{"a":1,"b":[1,2]}', '{"autoMemoryEnabled": false, "a":1,"b":[1,2]}'],
    [
      "comments",
      '// top\n{ // open\n  // of a\n  "a": 1, // one\n}\n',
      '// top\n{ // open\n  "autoMemoryEnabled": false,\n  // of a\n  "a": 1, // one\n}\n',
    ],
    ["a value that is true", '{ "autoMemoryEnabled" :  true , "a":1 }', '{ "autoMemoryEnabled" :  false , "a":1 }'],
    [
      "the key inside another object",
      '{\n  "env": { "autoMemoryEnabled": false }\n}',
      '{\n  "autoMemoryEnabled": false,\n  "env": { "autoMemoryEnabled": false }\n}',
    ],
  ])("%s", (_, before, after) => expect(textOf(switchClaudeMemory(before, "off"))).toBe(after));
});

test.each<[string, string, string]>([
  ["a line of its own", '{\n  "autoMemoryEnabled": false,\n  "a": 1\n}\n', '{\n  "a": 1\n}\n'],
  [
    "the last line, and the comma that led to it",
    '{\n  "a": 1, // one\n  "autoMemoryEnabled": false\n}\n',
    '{\n  "a": 1 // one\n}\n',
  ],
  ["the last line, and the comma at its end", '{\n  "a": 1,\n  "autoMemoryEnabled": false,\n}\n', '{\n  "a": 1,\n}\n'],
  ["the pair beside a comment", '{\n  "autoMemoryEnabled": false, // mine\n  "a": 1\n}\n', '{\n  // mine\n  "a": 1\n}\n'],
  [
    "the pair and its comma, with a comment between them",
    '{ "autoMemoryEnabled": false /* x */, "a": 1 }',
    '{  /* x */ "a": 1 }',
  ],
  ["all there is", '{ "autoMemoryEnabled": false }\n', "{}\n"],
])("on takes out %s", (_, before, after) => expect(textOf(switchClaudeMemory(before, "on"))).toBe(after));

test.each<[string, "off" | "on", string | undefined]>([
  ["off, and off already", "off", '{"autoMemoryEnabled":false}'],
  ["on, and no file", "on", undefined],
  ["on, and no such key", "on", '{"a":1}'],
  ["on, and the key is true", "on", '{"autoMemoryEnabled":true}'],
  ["on, and the key is neither", "on", '{"autoMemoryEnabled":"no"}'],
])("nothing changes for %s", (_, direction, text) => expect(switchClaudeMemory(text, direction)).toEqual({ state: "unchanged" }));

test.each<[string, string, string]>([
  ["an empty file", "", "is not JSON"],
  ["half an object", '{ "a": 1', "is not JSON: CloseBraceExpected (line 1)"],
  ["two values", "{} {}", "is not JSON"],
  ["an array", "[]", "is JSON, but no object"],
  ["the key twice", '{"autoMemoryEnabled":true,"autoMemoryEnabled":true}', "twice"],
  ["arrays nested deeper than any stack", `{"a":${"[".repeat(300_000)}`, "is not JSON"],
])("%s is left alone, with a reason", (_, text, why) => {
  const edit = switchClaudeMemory(text, "off");
  expect(edit).toMatchObject({ state: "refused" });
  expect((edit as { why: string }).why).toContain(why);
});

const value = fc.constantFrom("1", '"x"', "[1,2 /* c */, 3]", '{"a" : 1 , // z\n "b":2}', "{}", "null");
const gap = fc.constantFrom("", " ", "\n", "\n  ", " // c\n  ", " /* d */ ", "\t");
const member = fc
  .tuple(gap, fc.constantFrom("a", "b", "c", "d"), gap, value, gap)
  .map(([a, k, b, v, c]) => ({ key: k, text: `${a}"${k}":${b}${v}${c}` }));
const document = fc
  .tuple(
    gap,
    fc.uniqueArray(member, { maxLength: 4, selector: ({ key }) => key }),
    gap,
    fc.constantFrom("", ","),
    fc.constantFrom("\n", "\r\n"),
  )
  .map(([around, members, inside, comma, eol]) => {
    const body = members.map(({ text }) => text).join(",");
    return `${around}{${body}${members.length > 0 ? comma : ""}${inside}}${around}`.replaceAll("\n", eol);
  });

test("in any JSON with comments, off is one insertion, and on gives the very same text again", () => {
  fc.assert(
    fc.property(document, (text) => {
      const off = textOf(switchClaudeMemory(text, "off"));
      let head = 0;
      while (head < text.length && text[head] === off[head]) head += 1;
      expect(off.endsWith(text.slice(head))).toBe(true);
      const options = { allowTrailingComma: true };
      expect(parse(off, [], options)).toEqual({ ...(parse(text, [], options) as object), autoMemoryEnabled: false });
      expect(textOf(switchClaudeMemory(off, "on"))).toBe(text);
    }),
    { numRuns: 1500 },
  );
});
