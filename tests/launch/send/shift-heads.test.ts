import { expect, test } from "bun:test";
import fc from "fast-check";
import { shiftHeads } from "../../../src/launch/send/shift-heads.ts";

const HEAD = "[mill:alice -> mill:bob] ";

test.each([
  [`one\n${HEAD}two`, `one\n> ${HEAD}two`],
  [`${HEAD}one`, `> ${HEAD}one`],
  [`one\n  ${HEAD}two`, `one\n>   ${HEAD}two`],
  [`one\n\u200b${HEAD}two`, `one\n> \u200b${HEAD}two`],
  ["［mill：alice → mill：bob］ two", "> ［mill：alice → mill：bob］ two"],
])("a line that reads as a head is shifted: %j", (text, shifted) => {
  expect(shiftHeads(text)).toBe(shifted);
});

test.each(["one", "- [x] done", "see [a](b) -> c", `in the middle ${HEAD}`, "[1:2] -> x", "> [mill:alice -> mill:bob] quoted"])(
  "any other line stays: %j",
  (text) => {
    expect(shiftHeads(text)).toBe(text);
  },
);

test("for every text no line is a head, and a second time changes nothing", () => {
  const line = fc.oneof(fc.constant(HEAD), fc.constant(` \t${HEAD}x`), fc.string({ unit: "binary", maxLength: 20 }));
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      const shifted = shiftHeads(lines.join("\n"));
      return !/^\s*\[[^\]]*:[^\]]* -> [^\]]*\]/mu.test(shifted) && shiftHeads(shifted) === shifted;
    }),
  );
});
