import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { cutToWidth, wrapToWidth } from "../../src/cli/width.ts";

const RED = "\u001b[31m";
const BOLD = "\u001b[1m";

/** Text of all widths, painted here and there. Zero-width characters that stand alone belong to no character, and are left out. */
const line = fc
  .array(
    fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 3 }).map((text) => text.replace(/\p{Cc}/gu, "")),
      fc.constantFrom("a", " ", "e\u0301", "说", "😀", "👩‍👩‍👧", "🇩🇪", RED, BOLD, "\u001b[39m", "\u001b[22m"),
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(""));
const columns = fc.integer({ min: 1, max: 30 });

function charactersOf(text: string): string[] {
  return Array.from(new Intl.Segmenter().segment(Bun.stripANSI(text)), ({ segment }) => segment);
}

describe("a text that is cut", () => {
  test.each<[string, number, "end" | "start", string]>([
    ["unicorn", 7, "end", "unicorn"],
    ["unicorn", 4, "end", "uni…"],
    ["unicorn", 4, "start", "…orn"],
    ["unicorn", 1, "end", "…"],
    ["unicorn", 0, "end", ""],
    ["日本語日本", 4, "end", "日…"],
    ["日本語日本", 4, "start", "…本"],
    ["👩‍👩‍👧👩‍👩‍👧", 3, "end", "👩‍👩‍👧…"],
    [`${RED}unicorn\u001b[39m`, 4, "end", `${RED}uni…\u001b[39m`],
    [`un${RED}icorn\u001b[39m`, 4, "start", `${RED}…orn\u001b[39m`],
  ])("%j to %i columns at its %s is %j", (text, width, cuts, cut) => {
    expect(cutToWidth(text, width, cuts)).toBe(cut);
  });

  test("is as wide as was asked for or less, and what is left are whole characters of it", () => {
    fc.assert(
      fc.property(line, columns, fc.constantFrom("end", "start"), (text, width, cuts) => {
        const cut = cutToWidth(text, width, cuts);
        expect(Bun.stringWidth(cut)).toBeLessThanOrEqual(width);
        if (Bun.stringWidth(text) <= width) return expect(cut).toBe(text);
        const kept = charactersOf(cut);
        const all = charactersOf(text);
        const left = cuts === "end" ? kept.slice(0, -1) : kept.slice(1);
        expect(cuts === "end" ? kept.at(-1) : kept[0]).toBe("…");
        expect(left).toEqual(cuts === "end" ? all.slice(0, left.length) : all.slice(all.length - left.length));
      }),
      { numRuns: 500 },
    );
  });
});

describe("a line that is wrapped", () => {
  test.each<[string, number, string[]]>([
    ["unicorn", 3, ["uni", "cor", "n"]],
    ["日本語", 3, ["日", "本", "語"]],
    ["日本", 1, ["日", "本"]],
    ["a👩‍👩‍👧b", 2, ["a", "👩‍👩‍👧", "b"]],
    [`${RED}abcd\u001b[39m`, 2, [`${RED}ab\u001b[39m`, `${RED}cd\u001b[39m`]],
    ["", 3, [""]],
  ])("%j at %i columns is %j", (text, width, lines) => {
    expect(wrapToWidth(text, width)).toEqual(lines);
  });

  test("is all there, in whole characters, and no part of it is wider than asked for", () => {
    fc.assert(
      fc.property(line, columns, (text, width) => {
        const lines = wrapToWidth(text, width);
        expect(lines.flatMap(charactersOf)).toEqual(charactersOf(text));
        for (const one of lines) if (charactersOf(one).length > 1) expect(Bun.stringWidth(one)).toBeLessThanOrEqual(width);
      }),
      { numRuns: 500 },
    );
  });
});
