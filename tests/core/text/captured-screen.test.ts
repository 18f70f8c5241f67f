// The output of capture-pane -e, as rows.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseCapture } from "../../../src/core/text/captured-screen.ts";

describe("a captured screen", () => {
  test.each([
    ["plain rows", "one\n\ntwo  \n", ["one", "", "two"], ["one", "", "two"]],
    ["a colour in a row", "a \u001b[31mred\u001b[39m b\n", ["a red b"], ["a \u001b[31mred\u001b[39m b\u001b[0m"]],
    [
      "a colour that goes on over the line end",
      "\u001b[1m\u001b[31mone\ntwo\u001b[0m\nthree\n",
      ["one", "two", "three"],
      ["\u001b[1m\u001b[31mone\u001b[0m", "\u001b[1m\u001b[31mtwo\u001b[0m", "three"],
    ],
    [
      "only the last of two colours",
      "\u001b[31ma\u001b[38;5;9mb\u001b[48;2;1;2;3mc\n d\n",
      ["abc", " d"],
      ["\u001b[31ma\u001b[38;5;9mb\u001b[48;2;1;2;3mc\u001b[0m", "\u001b[38;5;9m\u001b[48;2;1;2;3m d\u001b[0m"],
    ],
    ["lines of the graphics set", "\u000elqk\u000f x \u000ex\u000f\n", ["┌─┐ x │"], ["┌─┐ x │"]],
    ["a link", "\u001b]8;;http://example.com\u001b\\here\u001b]8;;\u001b\\\n", ["here"], ["here"]],
    ["characters that a terminal obeys", "a\u202eb\u0007c\u001b[5Ad\n", ["abcd"], ["abcd"]],
  ])("has %s", (_, capture, plain, coloured) => {
    expect(parseCapture(capture)).toEqual({ plain, coloured });
  });

  test("says the same with and without its colours, row by row", () => {
    const piece = fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 5 }),
      fc.constantFrom("\u001b[0m", "\u001b[1m", "\u001b[7m", "\u001b[38;5;3m", "\u001b[41m", "\u000e", "\u000f", "\n", "q"),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        const { plain, coloured } = parseCapture(pieces.join(""));
        expect(coloured.map((line) => Bun.stripANSI(line).trimEnd())).toEqual([...plain]);
        for (const line of coloured) expect(line === "" || !line.includes("\u001b") || line.endsWith("\u001b[0m")).toBe(true);
      }),
    );
  });
});
