import { describe, expect, test } from "bun:test";
import { parseCount } from "../../src/cli/count.ts";
import { defineVerb } from "../../src/cli/verb.ts";
import { errorOf } from "../support/scratch.ts";

const verb = defineVerb({ meta: { name: "try", description: "" }, args: {}, examples: [], run: async () => 0 });

describe("parseCount", () => {
  const bounds = { min: 1, max: 256 };

  test.each([
    ["1", 1],
    ["256", 256],
    ["007", 7],
  ])("%s", (text, count) => {
    expect(parseCount(verb, "jobs", text, bounds)).toBe(count);
  });

  test.each(["0", "257", "-1", "1.5", "1e2", "0x10", " 1", "one", "9".repeat(400), "٣"])("refuses %p", (text) => {
    expect(errorOf(() => parseCount(verb, "jobs", text, bounds)).code).toBe("usage");
  });

  test("undefined stays", () => {
    expect(parseCount(verb, "jobs", undefined, bounds)).toBeUndefined();
  });
});
