import { SYSTEMCTL } from "../core/service/manager.ts";
import { PLIST_MARK, renderMark, renderMarkSection } from "../core/service/mark.ts";
import { platformOf, serviceName, type ServicePlace, servicePath } from "../core/service/place.ts";
import { renderPlist } from "../core/service/plist.ts";
import { renderUnitCommand, renderUnitEnvironment } from "../core/service/systemd.ts";
import type { UnitFile } from "../core/service/unit-file.ts";
import type { BootSettings } from "./types.ts";

/** The unit file of the service that keeps `iapeer supervise` running. */
export function superviseFile(settings: BootSettings): UnitFile {
  const { place } = settings;
  const platform = platformOf(place);
  const text = platform === "darwin" ? renderLaunchdAgent(settings) : renderSystemdUnit(settings);
  return { name: serviceName("supervise", platform), path: servicePath("supervise", place), text };
}

/** The same for systemd (systemd.service(5)). */
export function renderSystemdUnit({ program, root, environment }: Omit<BootSettings, "place">): string {
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
 * @throws IapeerError `invalid-value`: a path that XML cannot hold.
 */
export function renderLaunchdAgent({ program, root, environment }: Omit<BootSettings, "place">): string {
  return renderPlist({
    Label: serviceName("supervise", "darwin"),
    ProgramArguments: [...program, "supervise"],
    EnvironmentVariables: { ...environment },
    RunAtLoad: true,
    KeepAlive: { SuccessfulExit: false },
    // The recorders that it armed must outlive it.
    AbandonProcessGroup: true,
    [PLIST_MARK]: renderMark({ root }),
  });
}

/** How to install the service: write the text, then run the commands in their order. */
interface InstallPlan extends UnitFile {
  readonly commands: readonly (readonly string[])[];
}

/** How to remove the service: run `before`, remove the file, run `after`. */
interface UninstallPlan {
  readonly path: string;
  readonly before: readonly (readonly string[])[];
  readonly after: readonly (readonly string[])[];
}

/** Plans the installation of the service, or its update. */
export function planInstall(settings: BootSettings): InstallPlan {
  const file = superviseFile(settings);
  const { name, path } = file;
  // "launchctl unload" of a service that is not loaded exits with 0; "bootout" does not.
  if (platformOf(settings.place) === "darwin")
    return {
      ...file,
      commands: [
        ["launchctl", "unload", path],
        ["launchctl", "load", "-w", path],
      ],
    };
  // A start would leave a running service on the older file.
  return {
    ...file,
    commands: [
      [...SYSTEMCTL, "daemon-reload"],
      [...SYSTEMCTL, "enable", name],
      [...SYSTEMCTL, "restart", name],
    ],
  };
}

/** Plans the removal of the service. It is disabled while its file is still there. */
export function planUninstall(place: ServicePlace): UninstallPlan {
  const path = servicePath("supervise", place);
  if (platformOf(place) === "darwin") return { path, before: [["launchctl", "unload", "-w", path]], after: [] };
  const name = serviceName("supervise", "linux");
  return { path, before: [[...SYSTEMCTL, "disable", "--now", name]], after: [[...SYSTEMCTL, "daemon-reload"]] };
}
