import type { ServiceEnvironment } from "../core/service/environment.ts";
import { SYSTEMCTL } from "../core/service/manager.ts";
import { PLIST_MARK, renderMark, renderMarkSection } from "../core/service/mark.ts";
import { platformOf, serviceName, type ServicePlace, servicePath } from "../core/service/place.ts";
import { renderPlist } from "../core/service/plist.ts";
import { renderUnitCommand, renderUnitEnvironment } from "../core/service/systemd.ts";
import type { UnitFile } from "../core/service/unit-file.ts";

/** What the service runs and where; every path absolute. */
export interface SuperviseUnit {
  /** The argv that starts iapeer; `supervise` comes after it. */
  readonly program: readonly string[];
  /** The root that it looks after. */
  readonly root: string;
  readonly environment: ServiceEnvironment;
}

/** The file of a user's service that keeps `iapeer supervise` running. */
export function superviseFile(unit: SuperviseUnit, place: ServicePlace): UnitFile {
  const platform = platformOf(place);
  const text = platform === "darwin" ? renderLaunchdAgent(unit) : renderSystemdUnit(unit);
  return { name: serviceName("supervise", platform), path: servicePath("supervise", place), text };
}

/** It for systemd (systemd.service(5)). */
export function renderSystemdUnit({ program, root, environment }: SuperviseUnit): string {
  return `[Unit]
Description=iapeer: a canary for every live session
Documentation=man:tmux(1)

[Service]
Type=exec
ExecStart=${renderUnitCommand([...program, "supervise"])}
${renderUnitEnvironment(environment)}
Restart=on-failure
RestartSec=5
# The recorders that it armed must outlive it: they see the servers die.
KillMode=process
# One process of this service that the kernel kills for memory does not end the others.
OOMPolicy=continue
ManagedOOMPreference=avoid

[Install]
WantedBy=default.target

${renderMarkSection({ root })}`;
}

/**
 * The same for launchd (launchd.plist(5)).
 *
 * @throws IapeerError `invalid-value` for a path that XML cannot hold.
 */
export function renderLaunchdAgent({ program, root, environment }: SuperviseUnit): string {
  return renderPlist({
    Label: serviceName("supervise", "darwin"),
    ProgramArguments: [...program, "supervise"],
    EnvironmentVariables: { ...environment },
    RunAtLoad: true,
    KeepAlive: { SuccessfulExit: false },
    // The recorders that it armed must outlive it: they see the servers die.
    AbandonProcessGroup: true,
    [PLIST_MARK]: renderMark({ root }),
  });
}

/** Write the text, then run the commands, one after the other. */
export interface InstallPlan extends UnitFile {
  readonly commands: readonly (readonly string[])[];
}

/** Run what comes before, remove the file, run what comes after. */
export interface UninstallPlan {
  readonly path: string;
  readonly before: readonly (readonly string[])[];
  readonly after: readonly (readonly string[])[];
}

/** How the service is installed, or brought up to date. */
export function planInstall(unit: SuperviseUnit, place: ServicePlace): InstallPlan {
  const file = superviseFile(unit, place);
  const { name, path } = file;
  // "unload" of what is not loaded exits with 0; "bootout" does not.
  if (platformOf(place) === "darwin")
    return {
      ...file,
      commands: [
        ["launchctl", "unload", path],
        ["launchctl", "load", "-w", path],
      ],
    };
  // Restarted and not only started: one that runs goes on with the older file.
  return {
    ...file,
    commands: [
      [...SYSTEMCTL, "daemon-reload"],
      [...SYSTEMCTL, "enable", name],
      [...SYSTEMCTL, "restart", name],
    ],
  };
}

/** How it is taken back: it is disabled while its file is still there. */
export function planUninstall(place: ServicePlace): UninstallPlan {
  const path = servicePath("supervise", place);
  if (platformOf(place) === "darwin") return { path, before: [["launchctl", "unload", "-w", path]], after: [] };
  const name = serviceName("supervise", "linux");
  return { path, before: [[...SYSTEMCTL, "disable", "--now", name]], after: [[...SYSTEMCTL, "daemon-reload"]] };
}
