import { installSupervise, previewSupervise, uninstallSupervise } from "../boot/boot.ts";
import type { SuperviseChange } from "../boot/types.ts";
import { authorize } from "./authority.ts";
import { freshBoot } from "./boot.ts";
import type { App } from "./types.ts";

/** The service that runs `iapeer supervise`, as `supervise --install --print --json` shows it. */
export interface ServicePlan {
  readonly path: string;
  readonly text: string;
  /** The argvs of the calls to the service manager. */
  readonly commands: readonly (readonly string[])[];
}

/** The service as it would be installed; nothing is changed. */
export async function planService(app: App): Promise<ServicePlan> {
  const { path, text, commands } = previewSupervise(freshBoot(app));
  return { path, text, commands };
}

/** Installs the service of this root, with this program. Throws `not-authorized`, and what installSupervise throws. */
export async function installService(app: App): Promise<SuperviseChange> {
  authorize(app, "supervise --install");
  return await installSupervise(freshBoot(app));
}

/** Removes the service. Throws `not-authorized`, and what uninstallSupervise throws. */
export async function uninstallService(app: App): Promise<SuperviseChange> {
  authorize(app, "supervise --uninstall");
  return await uninstallSupervise(freshBoot(app));
}
