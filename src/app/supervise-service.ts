import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { planInstall, planUninstall, type SuperviseUnit } from "../boot/supervise-unit.ts";
import { writeAtomically } from "../core/disk/atomic-write.ts";
import { makeFolder } from "../core/disk/files.ts";
import { serviceEnvironment } from "../core/service/environment.ts";
import { callManager } from "../core/service/manager.ts";
import { refuseRealServicesInSandbox } from "../core/service/place.ts";
import { listUnitLinks, removeFiles } from "../core/service/unit-file.ts";
import { IapeerError } from "../model/errors.ts";
import { servicePlace } from "./boot.ts";
import type { App } from "./types.ts";

/** The service that runs `iapeer supervise`, as `supervise --install --print --json` shows it. */
export interface ServicePlan {
  readonly path: string;
  readonly text: string;
  /** The argvs of the calls to the service manager. */
  readonly commands: readonly (readonly string[])[];
}

/** The outcome of a change, as `--json` prints it. */
export interface ServiceChange {
  readonly action: "installed" | "removed" | "absent";
  readonly path: string;
}

/** The service as it would be installed; nothing is changed. */
export async function planService(app: App): Promise<ServicePlan> {
  const { path, text, commands } = planInstall(superviseUnit(app), servicePlace(app));
  return { path, text, commands };
}

/**
 * Installs the service that runs `iapeer supervise`.
 *
 * @throws IapeerError `command-failed`: the service manager refused, or there is none; `sandbox-violation`, `write-failed`.
 */
export async function installService(app: App): Promise<ServiceChange> {
  const place = servicePlace(app);
  const { path, text, commands } = planInstall(superviseUnit(app), place);
  refuseRealServicesInSandbox(place);
  const wasThere = existsSync(path);
  makeFolder(dirname(path));
  writeAtomically(path, text, { mode: 0o644 });
  try {
    for (const argv of commands) {
      const answer = callManager(argv, app.env);
      if (!answer.ok) throw new IapeerError("command-failed", answer.why, { hint: HINT });
    }
  } catch (error) {
    // One that was enabled would leave a link to a unit that is not there.
    if (!wasThere) removeFiles([...listUnitLinks(path), path]);
    throw error;
  }
  return { action: "installed", path };
}

const HINT = "have whatever you use run: iapeer supervise; to see the service: iapeer supervise --install --print";

/**
 * Takes the service away. A service manager that does not answer runs nothing either: that is a warning.
 *
 * @throws IapeerError `sandbox-violation`, `write-failed`.
 */
export async function uninstallService(app: App): Promise<ServiceChange> {
  const place = servicePlace(app);
  refuseRealServicesInSandbox(place);
  const { path, before, after } = planUninstall(place);
  if (!existsSync(path)) return { action: "absent", path };
  const tryCommand = (argv: readonly string[]) => {
    const answer = callManager(argv, app.env);
    if (!answer.ok) app.tell.warn(answer.why);
  };
  before.forEach(tryCommand);
  removeFiles([...listUnitLinks(path), path]);
  after.forEach(tryCommand);
  return { action: "removed", path };
}

/** The service of this root, with this program. */
function superviseUnit({ env, layout, self }: App): SuperviseUnit {
  return { program: self, root: layout.root, environment: serviceEnvironment(env, layout) };
}
