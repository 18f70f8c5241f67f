import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import {
  applySplices,
  beforeBreak,
  cut,
  indentBefore,
  insertion,
  lineEnd,
  lineStart,
  newlineOf,
  nextLine,
  type Splice,
} from "../../../src/core/text/splice.ts";

const text = fc.array(fc.constantFrom("a", "é", "😀", " ", "\t", "\n", "\r\n"), { maxLength: 30 }).map((parts) => parts.join(""));
const place = fc.tuple(text, fc.double({ min: 0, max: 1, noNaN: true })).map(([one, share]) => ({
  text: one,
  offset: Math.floor(share * one.length),
}));

/** A text taken apart at its splices: what stays and what is replaced, in turn. */
const pieces = fc.array(fc.record({ stays: text, goes: text, put: text }), { maxLength: 6 });

describe("splices", () => {
  test("replace what they name and nothing else, in whatever order they are given", () => {
    fc.assert(
      fc.property(pieces, text, fc.integer(), (parts, tail, seed) => {
        let whole = "";
        const splices: Splice[] = parts.map(({ stays, goes, put }, index) => {
          // At least a character apart: at one offset the order counts, see below.
          whole += `${index}${stays}`;
          const from = whole.length;
          whole += goes;
          return { from, to: whole.length, text: put };
        });
        const expected = parts.map(({ stays, put }, index) => `${index}${stays}${put}`).join("") + tail;
        const turn = splices.length === 0 ? 0 : Math.abs(seed) % splices.length;
        const turned = [...splices.slice(turn), ...splices.slice(0, turn)];
        expect(applySplices(whole + tail, turned)).toBe(expected);
        expect(applySplices(whole + tail, turned.toReversed())).toBe(expected);
      }),
    );
  });

  test("at one offset keep the order that they have, and come before what is cut there", () => {
    expect(applySplices("ab", [insertion(1, "1"), insertion(1, "2")])).toBe("a12b");
    expect(applySplices("abc", [cut(1, 2), insertion(1, "1"), insertion(2, "2")])).toBe("a12c");
  });
});

describe("the lines of a text", () => {
  test("follow each other without a gap, each from its start over its end to its break", () => {
    fc.assert(
      fc.property(text, (one) => {
        const lines: string[] = [];
        for (let at = 0; at < one.length; at = nextLine(one, at)) {
          expect(lineStart(one, at)).toBe(at);
          expect(["", "\n", "\r\n"]).toContain(one.slice(lineEnd(one, at), nextLine(one, at)));
          expect(beforeBreak(one, nextLine(one, at))).toBe(lineEnd(one, at));
          lines.push(one.slice(at, lineEnd(one, at)));
        }
        const split = one.split(/\r?\n/);
        expect(lines).toEqual(split.at(-1) === "" ? split.slice(0, -1) : split);
      }),
    );
  });

  test("are found from any place in them", () => {
    fc.assert(
      fc.property(place, ({ text: one, offset }) => {
        const start = lineStart(one, offset);
        expect(start).toBeLessThanOrEqual(offset);
        expect(one.slice(start, offset)).not.toContain("\n");
        expect(start === 0 || one[start - 1] === "\n").toBe(true);
        expect(lineEnd(one, offset)).toBeGreaterThanOrEqual(offset);
        expect(one.slice(offset, lineEnd(one, offset))).not.toContain("\n");
      }),
    );
  });

  test("are indented by the blanks before a place, unless something else is before it", () => {
    fc.assert(
      fc.property(place, ({ text: one, offset }) => {
        const before = one.slice(lineStart(one, offset), offset);
        expect(indentBefore(one, offset)).toBe(/[^ \t]/.test(before) ? undefined : before);
      }),
    );
  });

  test.each([
    ["", "\n"],
    ["a", "\n"],
    ["a\nb\r\n", "\n"],
    ["a\r\nb\n", "\r\n"],
  ])("of %j end in %j", (one, newline) => expect(newlineOf(one)).toBe(newline));
});
