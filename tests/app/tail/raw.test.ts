import { expect, test } from "bun:test";
import fc from "fast-check";
import { lastLineBytes } from "../../../src/app/tail/raw.ts";

test("the last lines are byte for byte those of the log, a last one without its end too", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("a", "\n", "\r", "\u001b") }), fc.nat({ max: 5 }), (text, count) => {
      const lines = text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
      const last = Buffer.from(lastLineBytes(Buffer.from(text), count)).toString();
      expect(last).toBe(count === 0 ? "" : lines.slice(-count).join(""));
    }),
  );
});
