import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { hasAskedForPastes } from "../../../src/launch/send/asked-pastes.ts";
import { openScratch } from "../../support/scratch.ts";

const ON = "\u001b[?2004h";
const OFF = "\u001b[?2004l";

test.each<[string, boolean]>([
  ["", false],
  ["nothing of it", false],
  [`a${ON}b`, true],
  [`${ON}a${OFF}b`, false],
  [`${OFF}a${ON}b`, true],
  ["\u001b[?1049;2004h", true],
  [`${ON}\u001bc`, false],
  [ON + "x".repeat(200_000), true],
])("the last word of a log counts: %#", (text, isAsked) => {
  using scratch = openScratch();
  writeFileSync(scratch.at("log"), text);
  expect(hasAskedForPastes(scratch.at("log"))).toBe(isAsked);
});

test("a log that was rotated is read on in the one before it, and none is a no", () => {
  using scratch = openScratch();
  expect(hasAskedForPastes(scratch.at("log"))).toBe(false);
  writeFileSync(scratch.at("log.1"), ON);
  writeFileSync(scratch.at("log"), "more");
  expect(hasAskedForPastes(scratch.at("log"))).toBe(true);
});
