import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { UnitFile } from "../../src/core/service/unit-file.ts";
import { type FoundUnit, planBootUnits, rowsOf } from "../../src/boot/plan.ts";

const fileOf = (name: string, text: string): UnitFile => ({ name, path: `/u/${name}`, text });
const foundOf = (name: string, text: string | undefined, isEnabled: boolean): FoundUnit => ({
  name,
  path: `/u/${name}`,
  text,
  isEnabled,
});

const NAME = fc.constantFrom("a", "b", "c", "d", "e");
const WANTED = fc
  .uniqueArray(fc.record({ name: NAME, text: fc.constantFrom("1", "2") }), { selector: ({ name }) => name })
  .map((units) => units.map(({ name, text }) => fileOf(name, text)));
const FOUND = fc
  .uniqueArray(fc.record({ name: NAME, text: fc.constantFrom("1", "2", undefined), isEnabled: fc.boolean() }), {
    selector: ({ name }) => name,
  })
  .map((units) => units.map(({ name, text, isEnabled }) => foundOf(name, text, isEnabled && text !== undefined)));

/** The state after everything of a plan was done. */
function after(found: readonly FoundUnit[], { write, enable, disable, remove }: ReturnType<typeof planBootUnits>): FoundUnit[] {
  const units = new Map(found.map((unit) => [unit.name, unit]));
  for (const { name } of disable) units.set(name, { ...units.get(name)!, isEnabled: false });
  for (const { name } of remove) {
    expect(units.get(name)?.isEnabled).toBe(false);
    units.delete(name);
  }
  for (const { name, text } of write) units.set(name, foundOf(name, text, units.get(name)?.isEnabled ?? false));
  for (const { name } of enable) units.set(name, { ...units.get(name)!, isEnabled: true });
  return [...units.values()].toSorted((one, other) => one.name.localeCompare(other.name));
}

describe("the plan for boot units", () => {
  test("leads from whatever there is to exactly what is wanted, each enabled; then there is nothing more to do", () => {
    fc.assert(
      fc.property(WANTED, FOUND, (wanted, found) => {
        const end = after(found, planBootUnits(wanted, found));
        const expected = wanted
          .map(({ name, text }) => foundOf(name, text, true))
          .toSorted((one, other) => one.name.localeCompare(other.name));
        expect(end).toEqual(expected);
        expect(planBootUnits(wanted, end)).toEqual({ write: [], enable: [], disable: [], remove: [] });
      }),
    );
  });

  test("removes nothing that is enabled without disabling it", () => {
    fc.assert(
      fc.property(WANTED, FOUND, (wanted, found) => {
        const { disable, remove } = planBootUnits(wanted, found);
        expect(disable).toEqual(remove.filter(({ isEnabled }) => isEnabled));
      }),
    );
  });

  test("is told in a row for each unit, in the order of what is wanted, then what goes", () => {
    const wanted = [
      fileOf("new", "1"),
      fileOf("same", "1"),
      fileOf("changed", "2"),
      fileOf("disabled", "1"),
      fileOf("link", "1"),
    ];
    const found = [
      foundOf("same", "1", true),
      foundOf("changed", "1", true),
      foundOf("disabled", "1", false),
      foundOf("link", undefined, false),
      foundOf("old", "1", true),
    ];
    const rows = rowsOf(wanted, found, planBootUnits(wanted, found));
    expect(rows.map(({ unit, op }) => `${unit} ${op}`)).toEqual([
      "new add",
      "same unchanged",
      "changed update",
      "disabled update",
      "link add",
      "old remove",
    ]);
  });
});
