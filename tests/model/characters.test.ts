import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import {
  anyOf,
  ARGUMENT_CONTROLS,
  type CharacterSet,
  classOf,
  CONTROLS,
  escapeAsUnicode,
  RAW_IN_JSON,
  tame,
  UNTAMED,
} from "../../src/model/characters.ts";

/** Every code unit that one of the sets holds. */
function unitsOf(sets: readonly CharacterSet[]): string[] {
  const pattern = anyOf(sets);
  return Array.from({ length: 0x10000 }, (_, unit) => String.fromCharCode(unit)).filter((unit) => pattern.test(unit));
}

/** The same by a pattern that Unicode, or another rule, gives. */
function unitsLike(pattern: RegExp): string[] {
  return Array.from({ length: 0x10000 }, (_, unit) => String.fromCharCode(unit)).filter((unit) => pattern.test(unit));
}

const ALL: readonly CharacterSet[] = [...UNTAMED, "noncharacters", "replacement"];

describe("the sets of characters", () => {
  test("have none in common", () => {
    const units = ALL.flatMap((set) => unitsOf([set]));
    expect(units.length).toBe(new Set(units).size);
    expect(units.toSorted()).toEqual(unitsOf(ALL).toSorted());
  });

  test("hold, as controls, just what Unicode calls so", () => {
    expect(unitsOf(CONTROLS)).toEqual(unitsLike(/\p{Cc}/u));
    expect(unitsOf(ARGUMENT_CONTROLS)).toEqual(unitsLike(/[\p{Cc}--[\0\u0080-\u009f]]/v));
  });

  test("hold line and paragraph separator", () => {
    expect(unitsOf(["separators"])).toEqual(unitsLike(/[\p{Zl}\p{Zp}]/u));
  });

  test("hold what turns text around, but for a mark that only Arabic needs", () => {
    expect(unitsOf(["directions"])).toEqual(unitsLike(/[\p{Bidi_C}--\u061c]/v));
  });

  test("hold what JSON leaves as it is", () => {
    const left = unitsOf([...CONTROLS, "separators"]).filter((unit) => JSON.stringify(unit).includes(unit));
    expect(unitsOf(RAW_IN_JSON)).toEqual(left);
  });

  test("stand for the same in a pattern of one's own", () => {
    expect(unitsLike(new RegExp(`[${classOf(UNTAMED)}]`))).toEqual(unitsOf(UNTAMED));
  });
});

test("a JSON text that is escaped reads as before, and holds none of what was to go", () => {
  const raw = anyOf([...RAW_IN_JSON, "directions"], "g");
  const untamed = anyOf(UNTAMED);
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.constantFrom(...unitsOf([...RAW_IN_JSON, "directions"])), (text, unit) => {
      const escaped = escapeAsUnicode(JSON.stringify(text + unit), raw);
      expect(JSON.parse(escaped)).toBe(text + unit);
      expect(escaped).not.toMatch(untamed);
    }),
  );
});

describe("tame", () => {
  test.each([
    ["a\nb\r\n\tc", "a b c"],
    ["\u001b[31mred\u001b]0;title\u0007", "?[31mred?]0;title?"],
    ["\u009b31m", "?31m"],
    ["a\u202eb\u2066c", "a?b?c"],
    ["Ünïcödé 日本 👍🏽", "Ünïcödé 日本 👍🏽"],
  ])("%j is shown as %j", (text, shown) => {
    expect(tame(text)).toBe(shown);
  });

  test("no control character is left of any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        // oxlint-disable-next-line no-control-regex
        expect(tame(text)).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
      }),
    );
  });
});
