import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { writeAtomically } from "../core/disk/atomic-write.ts";
import { IapeerError } from "../model/errors.ts";
import { makeFolder } from "../core/disk/files.ts";
import { serviceEnvironment } from "../core/service/environment.ts";
import { callManager } from "../core/service/manager.ts";
import { refuseRealServicesInSandbox } from "../core/service/place.ts";
import { listUnitLinks, removeFiles } from "../core/service/unit-file.ts";
import { planInstall, planUninstall, type SuperviseUnit } from "../boot/supervise-unit.ts";
import { servicePlace } from "./boot.ts";
import type { Context } from "./app.ts";

export interface ServiceChange {
  readonly isInstall: boolean;
  /** Show what would be installed, and change nothing. */
  readonly isPrint: boolean;
}

/**
 * Installs, shows or takes away the service that runs `iapeer supervise`.
 *
 * @throws IapeerError `command-failed`: the service manager refused, or there is none.
 */
export function changeService({ isInstall, isPrint }: ServiceChange, context: Context): number {
  const { output, env } = context;
  const place = servicePlace(context);
  if (!isInstall) {
    refuseRealServicesInSandbox(place);
    return takeAway(planUninstall(place), context);
  }
  const { path, text, commands } = planInstall(superviseUnit(context), place);
  if (isPrint) {
    output.result({ path, text, commands }, () => text);
    return 0;
  }
  refuseRealServicesInSandbox(place);
  const wasThere = existsSync(path);
  makeFolder(dirname(path));
  writeAtomically(path, text, { mode: 0o644 });
  try {
    for (const argv of commands) {
      const answer = callManager(argv, env);
      if (!answer.ok) throw new IapeerError("command-failed", answer.why, { hint: HINT });
    }
  } catch (error) {
    // A link to a unit that is not there would be left of one that was enabled.
    if (!wasThere) removeFiles([...listUnitLinks(path), path]);
    throw error;
  }
  output.result({ action: "installed", path }, () => `installed ${path}`);
  return 0;
}

const HINT = "have whatever you use run: iapeer supervise; to see the service: iapeer supervise --install --print";

function takeAway({ path, before, after }: ReturnType<typeof planUninstall>, { output, env }: Context): number {
  if (!existsSync(path)) {
    output.result({ action: "absent", path }, () => "no such service is installed");
    return 0;
  }
  // Where the service manager does not answer it runs nothing either.
  const tryCommand = (argv: readonly string[]) => {
    const answer = callManager(argv, env);
    if (!answer.ok) output.warn(answer.why);
  };
  before.forEach(tryCommand);
  removeFiles([...listUnitLinks(path), path]);
  after.forEach(tryCommand);
  output.result({ action: "removed", path }, () => `removed ${path}`);
  return 0;
}

/** The service of this root, with this program. */
function superviseUnit({ env, layout, self }: Context): SuperviseUnit {
  return { program: self, root: layout.root, environment: serviceEnvironment(env, layout) };
}
