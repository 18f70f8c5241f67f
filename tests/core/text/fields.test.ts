import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { checkFields, oneOf, required, TEXT } from "../../../src/core/text/fields.ts";

interface Row {
  readonly kind: "a" | "b";
  readonly name: string;
  readonly note?: string;
}

const check = checkFields<Row>({ kind: required(oneOf("a", "b")), name: required(TEXT), note: TEXT });

const row = fc.record(
  { kind: fc.constantFrom("a", "b"), name: fc.string(), note: fc.string() },
  { requiredKeys: ["kind", "name"] },
);
const more = fc.dictionary(fc.stringMatching(/^x[a-z]{0,5}$/), fc.jsonValue());
const noText = fc.oneof(fc.integer(), fc.boolean(), fc.constant(null), fc.array(fc.string()));

describe("a check by a table", () => {
  test("gives back what is right as it is, with fields that have no rule", () => {
    fc.assert(
      fc.property(row, more, (right, others) => {
        const value = { ...right, ...others };
        expect(check(value)).toEqual({ ok: true, value });
      }),
    );
  });

  test("names the field that is missing or wrong", () => {
    fc.assert(
      fc.property(row, noText, (right, wrong) => {
        const { name, ...nameless } = right;
        expect(check(nameless)).toEqual({ ok: false, why: "name: is missing" });
        expect(check({ ...right, name: wrong })).toEqual({ ok: false, why: "name: is not a text" });
        expect(check({ ...right, note: wrong })).toEqual({ ok: false, why: "note: is not a text" });
        expect(check({ ...right, kind: `${name}c` })).toEqual({ ok: false, why: "kind: is not a or b" });
      }),
    );
  });

  test.each([[null], [[]], ["a"], [1], [undefined]])("refuses %p, which has no fields", (value) => {
    expect(check(value)).toEqual({ ok: false, why: "is not an object" });
  });

  test("does not take a field from what every object has", () => {
    const inherited = Object.create({ kind: "a", name: "n" }) as object;
    expect(check(inherited)).toEqual({ ok: false, why: "kind: is missing" });
  });
});
