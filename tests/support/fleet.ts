import { resolve } from "node:path";
import { checkFleet, type CheckedFleet } from "../../src/fleet/check.ts";
import type { Surroundings } from "../../src/fleet/surroundings.ts";

/** A host of no machine: nothing of where the test runs is in what it says. */
export const SURROUNDINGS: Surroundings = {
  home: "/home/somebody",
  defaultFolder: (name) => `/root/peers/${name}`,
  hasRuntime: (runtime) => ["claude", "codex", "pi", "opencode"].includes(runtime),
  resolveLinks: (path) => resolve(path),
};

/** A text as if it were `/fleets/fleet.yaml`. */
export function checkText(text: string): CheckedFleet {
  return checkFleet({ text, file: "fleet.yaml", base: "/fleets" }, SURROUNDINGS);
}
