import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { isPersonality } from "../core/names.ts";
import type { Env } from "../core/paths.ts";

/** Whether a unit starts an agent at boot: it is there and enabled, there and not enabled, or not there. */
export type UnitState = "enabled" | "disabled" | "absent";

/** What is set up to start at boot, told by files alone. */
export interface BootUnits {
  /** What all agents' units share is there. */
  readonly isInstalled: boolean;
  readonly unitOf: (name: string) => UnitState;
  /** The agents that have a unit, or a link to one that is gone; in the order of the alphabet. */
  readonly listAgents: () => string[];
}

const TARGET = "iapeer-fleet.target";

/** Whose units: those of the user of this home. */
interface UnitsPlace {
  readonly home: string;
  readonly env: Env;
}

/** The units of this account as they are now. */
export function readBootUnits(place: UnitsPlace): BootUnits {
  const folder = unitsFolder(place);
  const isThere = (...path: readonly string[]) => lstatSync(join(folder, ...path), { throwIfNoEntry: false }) !== undefined;
  const wanted = `${TARGET}.wants`;
  return {
    isInstalled: isThere(TARGET),
    unitOf: (name) => {
      const unit = `iapeer-agent-${name}.service`;
      if (!isThere(unit)) return "absent";
      return isThere(wanted, unit) ? "enabled" : "disabled";
    },
    listAgents: () => [...new Set([...agentsIn(folder), ...agentsIn(join(folder, wanted))])].toSorted(),
  };
}

/** `$XDG_CONFIG_HOME/systemd/user`; a relative one is to be ignored (XDG Base Directory Specification). */
function unitsFolder({ home, env }: UnitsPlace): string {
  const named = env["XDG_CONFIG_HOME"];
  return join(named?.startsWith("/") ? named : join(home, ".config"), "systemd", "user");
}

function agentsIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .map((file) => /^iapeer-agent-(.+)\.service$/.exec(file)?.[1] ?? "")
      .filter(isPersonality);
  } catch {
    // Nothing is set up to start at boot.
    return [];
  }
}
