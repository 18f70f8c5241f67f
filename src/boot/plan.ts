import type { UnitFile } from "../core/service/unit-file.ts";

/** A unit as it was found; without a text only a link to it was. */
export interface FoundUnit {
  readonly name: string;
  readonly path: string;
  readonly text: string | undefined;
  readonly isEnabled: boolean;
}

/** What brings the units of a fleet in step. What is disabled is also removed; what is removed was disabled before. */
export interface BootPlan {
  readonly write: readonly UnitFile[];
  readonly enable: readonly UnitFile[];
  readonly disable: readonly FoundUnit[];
  readonly remove: readonly FoundUnit[];
}

/**
 * Nothing is planned where everything is as it is wanted.
 *
 * @param wanted every unit that is to be there
 * @param found the wanted ones that are there, and every other one that is not to stay
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

/** One unit, and what was done about it. */
export interface BootRow {
  readonly unit: string;
  readonly path: string;
  readonly op: BootOp;
}

/** Written for the first time; written anew or enabled; disabled and removed; already as it is wanted. */
export type BootOp = "add" | "update" | "remove" | "unchanged";

/** What a plan comes to, in the order of what is wanted, then what goes. */
export function rowsOf(wanted: readonly UnitFile[], found: readonly FoundUnit[], plan: BootPlan): BootRow[] {
  const hadText = new Set(found.filter(({ text }) => text !== undefined).map(({ path }) => path));
  const changed = new Set([...plan.write, ...plan.enable].map(({ path }) => path));
  const opOf = (path: string): BootOp => (!hadText.has(path) ? "add" : changed.has(path) ? "update" : "unchanged");
  return [
    ...wanted.map(({ name, path }) => ({ unit: name, path, op: opOf(path) })),
    ...plan.remove.map(({ name, path }) => ({ unit: name, path, op: "remove" as const })),
  ];
}
