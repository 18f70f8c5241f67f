import { expect, test } from "bun:test";
import { locate } from "../../../src/status/slot/slot-location.ts";
import type { SlotProblem } from "../../../src/status/slot/types.ts";

const TEXT = `{
  "provider": "é",
  "provision": {
    "command": "bin",
    "args": ["a",
      {"x": 1}]
  }
}
`;

function at(path: SlotProblem["path"], text = TEXT, code: SlotProblem["code"] = "wrong-type"): string {
  const { file, line, column } = locate({ code, message: "", path, severity: "error" }, "f", text);
  return `${file}:${line}:${column}`;
}

test.each<[string, SlotProblem["path"], string]>([
  ["a value", ["provision", "command"], "f:4:16"],
  ["an element of an array", ["provision", "args", 1], "f:6:7"],
  ["a key that is missing, at the object it is missing from", ["provision", "other"], "f:3:16"],
  ["a key that is missing at the top", ["version"], "f:1:1"],
  ["the whole", [], "f:1:1"],
])("the place of %s", (_, path, place) => expect(at(path)).toBe(place));

test.each([
  ["the first thing that is no JSON", `{\n  "a": 1,\n  b\n}`, "f:3:3"],
  ["the end of a text that stops early", `{\n  "a": [`, "f:2:9"],
  ["nothing", "", "f:1:1"],
  ["brackets deeper than a stack", "[".repeat(400_000), "f:1:1"],
])("the place of %s", (_, text, place) => expect(at([], text, "not-json")).toBe(place));
