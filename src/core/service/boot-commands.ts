import { SYSTEMCTL } from "./manager.ts";
import { type ServicePlatform } from "./place.ts";
import type { UnitFile } from "./unit-file.ts";

type Unit = Pick<UnitFile, "name" | "path">;
type Argv = readonly string[];

/** What the service manager is told. Of nothing there is nothing to tell. */
export interface BootCommands {
  /** After a file was written or removed. */
  readonly reload: () => readonly Argv[];
  /** From the next boot on (launchd: the next login). Starts nothing. */
  readonly enable: (units: readonly Unit[]) => readonly Argv[];
  /** Not any more. Stops nothing. */
  readonly disable: (units: readonly Unit[]) => readonly Argv[];
  readonly start: (units: readonly Unit[]) => readonly Argv[];
}

/** @param uid whose services they are; only launchd asks. */
export function bootCommands(platform: ServicePlatform, uid: number): BootCommands {
  return platform === "darwin" ? launchdCommands(uid) : SYSTEMD_COMMANDS;
}

const SYSTEMD_COMMANDS: BootCommands = {
  reload: () => [[...SYSTEMCTL, "daemon-reload"]],
  enable: (units) => one("enable", units),
  disable: (units) => one("disable", units),
  start: (units) => one("start", units),
};

function one(verb: string, units: readonly Unit[]): readonly Argv[] {
  return units.length === 0 ? [] : [[...SYSTEMCTL, verb, ...units.map(({ name }) => name)]];
}

/** It reads the files by itself at the login; what it was told to leave out it remembers elsewhere (launchctl(1)). */
function launchdCommands(uid: number): BootCommands {
  return {
    reload: () => [],
    enable: (units) => units.map(({ name }) => ["launchctl", "enable", `gui/${uid}/${name}`]),
    disable: (units) => units.map(({ name }) => ["launchctl", "disable", `gui/${uid}/${name}`]),
    start: (units) => units.map(({ path }) => ["launchctl", "load", "-w", path]),
  };
}
