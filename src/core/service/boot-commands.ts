import { SYSTEMCTL } from "./manager.ts";
import type { ServicePlatform } from "./place.ts";
import type { UnitFile } from "./unit-file.ts";

type Unit = Pick<UnitFile, "name" | "path">;
type Argv = readonly string[];

/** The commands of a service manager, as argvs. No units make no command. */
export interface BootCommands {
  /** Makes it read the files again, after one was written or removed. */
  readonly reload: () => readonly Argv[];
  /** Lets units start with the next boot (launchd: the next login). Starts nothing. */
  readonly enable: (units: readonly Unit[]) => readonly Argv[];
  /** Lets units no longer start with the boot. Stops nothing. */
  readonly disable: (units: readonly Unit[]) => readonly Argv[];
  /** Starts units now. */
  readonly start: (units: readonly Unit[]) => readonly Argv[];
}

/**
 * The commands of a platform's service manager.
 *
 * @param uid the user of the services; only launchd needs it
 */
export function bootCommands(platform: ServicePlatform, uid: number): BootCommands {
  return platform === "darwin" ? launchdCommands(uid) : SYSTEMD_COMMANDS;
}

const SYSTEMD_COMMANDS: BootCommands = {
  reload: () => [[...SYSTEMCTL, "daemon-reload"]],
  enable: (units) => systemctl("enable", units),
  disable: (units) => systemctl("disable", units),
  start: (units) => systemctl("start", units),
};

function systemctl(verb: string, units: readonly Unit[]): readonly Argv[] {
  return units.length === 0 ? [] : [[...SYSTEMCTL, verb, ...units.map(({ name }) => name)]];
}

/** launchd reads the files by itself at the login. It remembers elsewhere which of them are disabled (launchctl(1)). */
function launchdCommands(uid: number): BootCommands {
  return {
    reload: () => [],
    enable: (units) => units.map(({ name }) => ["launchctl", "enable", `gui/${uid}/${name}`]),
    disable: (units) => units.map(({ name }) => ["launchctl", "disable", `gui/${uid}/${name}`]),
    start: (units) => units.map(({ path }) => ["launchctl", "load", "-w", path]),
  };
}
