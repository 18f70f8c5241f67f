import type { UnitFile } from "../core/service/unit-file.ts";
import type { BootOp, BootRow } from "./types.ts";

/** A unit as it was found. Without a text only a link to it exists. */
export interface FoundUnit {
  readonly name: string;
  readonly path: string;
  readonly text: string | undefined;
  readonly isEnabled: boolean;
}

/** The changes that bring units in step. Every unit to disable is also to be removed. */
export interface BootPlan {
  readonly write: readonly UnitFile[];
  readonly enable: readonly UnitFile[];
  readonly disable: readonly FoundUnit[];
  readonly remove: readonly FoundUnit[];
}

/**
 * Plans the changes; an empty plan where nothing differs.
 *
 * @param wanted every unit that should exist
 * @param found the wanted units that exist, and every other unit, which is to go
 */
export function planBootUnits(wanted: readonly UnitFile[], found: readonly FoundUnit[]): BootPlan {
  const before = new Map(found.map((unit) => [unit.path, unit]));
  const paths = new Set(wanted.map(({ path }) => path));
  const remove = found.filter(({ path }) => !paths.has(path));
  return {
    write: wanted.filter(({ path, text }) => before.get(path)?.text !== text),
    enable: wanted.filter(({ path }) => before.get(path)?.isEnabled !== true),
    disable: remove.filter(({ isEnabled }) => isEnabled),
    remove,
  };
}

/** A row for each unit of a plan: the wanted ones in their order, then those that go. */
export function rowsOf(wanted: readonly UnitFile[], found: readonly FoundUnit[], plan: BootPlan): BootRow[] {
  const hadText = new Set(found.filter(({ text }) => text !== undefined).map(({ path }) => path));
  const changed = new Set([...plan.write, ...plan.enable].map(({ path }) => path));
  const opOf = (path: string): BootOp => (!hadText.has(path) ? "add" : changed.has(path) ? "update" : "unchanged");
  return [
    ...wanted.map(({ name, path }) => ({ unit: name, path, op: opOf(path) })),
    ...plan.remove.map(({ name, path }) => ({ unit: name, path, op: "remove" as const })),
  ];
}
