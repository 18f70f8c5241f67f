import { previewBoot, startBootUnits, uninstallBootUnits } from "../../boot/boot.ts";
import type { BootRow } from "../../boot/types.ts";
import { enableLinger, type Linger, lingerCommand } from "../../core/service/linger.ts";
import { whyNoManager } from "../../core/service/manager.ts";
import { platformOf } from "../../core/service/place.ts";
import type { UnitFile } from "../../core/service/unit-file.ts";
import { withFleetLock } from "../../fleet/applied.ts";
import { IapeerError } from "../../model/errors.ts";
import { readRegistry } from "../../registry/registry.ts";
import { authorize } from "../authority.ts";
import {
  type BootAgents,
  findUnstartable,
  freshBoot,
  installBoot,
  openBoot,
  readBootAgents,
  type Unstartable,
  userOfServices,
} from "../boot.ts";
import type { App } from "../types.ts";

/** The files and commands of an installation, as `--print --json` prints them. */
export interface InstallPreview {
  readonly units: readonly Pick<UnitFile, "path" | "text">[];
  /** Each as an argv. */
  readonly commands: readonly (readonly string[])[];
}

export interface InstallRequest {
  /** Start the units at once, too. */
  readonly isNow: boolean;
}

/** Plans what `fleet install` would write and run. Nothing is changed. */
export function previewInstall(app: App, { isNow }: InstallRequest): InstallPreview {
  const boot = freshBoot(app);
  const { install, start } = previewBoot(readBootAgents(app).agents, boot);
  const linger = platformOf(boot.place) === "linux" ? [lingerCommand(userOfServices())] : [];
  return {
    units: install.units.map(({ path, text }) => ({ path, text })),
    commands: [...install.commands, ...linger, ...(isNow ? start.commands : [])],
  };
}

/** The outcome of an installation. */
export interface Installation {
  readonly rows: readonly BootRow[];
  readonly found: BootAgents;
  readonly unstartable: readonly Unstartable[];
  /** undefined where there is no such thing. */
  readonly linger: Linger | undefined;
  /** The agents that did not start, where they were to start at once. */
  readonly notStarted: readonly string[] | undefined;
}

/** As `fleet install --json` prints it. */
export interface InstallJson {
  readonly action: "installed" | "unchanged";
  readonly units: readonly BootRow[];
  /** Persistent agents that are not registered with their runtime. */
  readonly unregistered: readonly string[];
  /** Agents whose program is not found with what their unit has. */
  readonly unstartable: readonly string[];
  readonly linger: Linger["state"] | null;
  /** Left out where nothing was to start at once. */
  readonly not_started?: readonly string[];
}

export function toInstallJson({ rows, found, unstartable, linger, notStarted }: Installation): InstallJson {
  return {
    action: rows.some(({ op }) => op !== "unchanged") ? "installed" : "unchanged",
    units: rows,
    unregistered: found.unregistered,
    unstartable: unstartable.map(({ name }) => name),
    linger: linger?.state ?? null,
    ...(notStarted !== undefined && { not_started: notStarted }),
  };
}

/**
 * Has the persistent agents of the applied fleet, and supervise, start with this host.
 *
 * @throws IapeerError `not-authorized`; `command-failed`: no service manager answers, or it refused; `boot-units-taken`, `write-failed`, `lock-busy`,
 *   `interrupted`.
 */
export async function installFleet(app: App, { isNow }: InstallRequest, signal: AbortSignal): Promise<Installation> {
  authorize(app, "fleet install");
  const boot = freshBoot(app, signal);
  const why = await whyNoManager(boot.place, signal);
  if (why !== undefined) throw noManager(why);
  const install = async () => {
    const found = readBootAgents(app);
    const rows = await installBoot(found, boot, () => readRegistry(app.layout));
    const isLinux = platformOf(boot.place) === "linux";
    const linger = isLinux ? await enableLinger(userOfServices(), { env: app.env, signal }) : undefined;
    const unstartable = findUnstartable(found, boot, app);
    return { rows, found, unstartable, linger, notStarted: isNow ? await startBootUnits(found.agents, boot) : undefined };
  };
  return await withFleetLock(app, install, signal);
}

/** The outcome of an uninstallation. */
export interface Uninstallation {
  /** As `--json` prints it. */
  readonly json: { readonly action: "absent" | "removed"; readonly units: readonly BootRow[] };
  /** True when the services of this user may run on without a login. */
  readonly mayLinger: boolean;
}

/**
 * Takes away what installFleet wrote. Sessions that run go on.
 *
 * @throws IapeerError `not-authorized`; `write-failed`: some units may still be there; `lock-busy`, `interrupted`.
 */
export async function uninstallFleet(app: App, signal: AbortSignal): Promise<Uninstallation> {
  authorize(app, "fleet uninstall");
  const boot = openBoot(app, signal);
  const uninstall = async () => {
    const units = await uninstallBootUnits(boot);
    return {
      json: { action: units.length === 0 ? "absent" : "removed", units },
      mayLinger: platformOf(boot.place) === "linux",
    } as const;
  };
  return await withFleetLock(app, uninstall, signal);
}

function noManager(why: string): IapeerError {
  return new IapeerError("command-failed", `no service manager of yours answers: ${why}`, {
    hint: "to see the units: iapeer fleet install --print; without systemd have whatever starts this host run iapeer launch for each agent",
  });
}
