import type { ServiceEnvironment } from "../core/service/environment.ts";
import type { ServiceMark } from "../core/service/mark.ts";
import type { ServicePlace } from "../core/service/place.ts";
import type { UnitFile } from "../core/service/unit-file.ts";

/** An agent that starts with the host. */
export interface BootAgent {
  readonly name: string;
  readonly runtime: string;
}

/** The part that all units of a root share. Every path is absolute. */
export interface BootSettings {
  /** The argv that starts iapeer. */
  readonly program: readonly string[];
  readonly root: string;
  readonly environment: ServiceEnvironment;
  readonly place: ServicePlace;
}

/** The settings of units, and what a change of units reports to. */
export interface Boot extends BootSettings {
  /** Gets a line about a command that failed and does no harm. */
  readonly warn: (line: string) => void;
  /** Gets each unit that was changed, once the change is done. */
  readonly note: (row: BootRow) => void;
  /** Ends the wait for the service manager: `interrupted`. Running the same again finishes the work. */
  readonly signal?: AbortSignal | undefined;
}

/** `add`: written for the first time. `update`: written anew, or enabled. `remove`: disabled and removed. */
export type BootOp = "add" | "update" | "remove" | "unchanged";

/** One unit, and what was done to it. */
export interface BootRow {
  readonly unit: string;
  readonly path: string;
  readonly op: BootOp;
}

/** `enabled`: its file is there and it starts with the boot. On macOS a file that is there is enabled. */
export type UnitState = "enabled" | "disabled" | "absent";

/** The units of a root, as their files tell. Asking costs a look at a file each. */
export interface BootUnits {
  /** The mark that `fleet install` wrote for this root; undefined where it was not run. */
  readonly installed: ServiceMark | undefined;
  /** The state of an agent's unit. A unit of another root, or of a person's own, counts as absent. */
  readonly unitOf: (agent: string) => UnitState;
  /** The agents that have a unit of this root, or a link to a unit that is gone; sorted. */
  readonly listAgents: () => string[];
}

/** The files and commands of an installation, each command as an argv. */
export interface BootPreview {
  readonly units: readonly UnitFile[];
  readonly commands: readonly (readonly string[])[];
}

/** The service that runs `iapeer supervise`, after a change. */
export interface SuperviseChange {
  readonly action: "installed" | "removed" | "absent";
  readonly path: string;
}
