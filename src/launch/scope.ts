import { statSync } from "node:fs";
import { join } from "node:path";
import type { Env } from "../core/paths.ts";

/**
 * What starts a command in a scope of its own under the user's systemd (systemd-run(1)), so that its control group is not the one of
 * whoever watches it: what ends the one does not end the other. The command is executed in the same process.
 *
 * @returns undefined where no user manager runs.
 */
export function scopeLauncher(env: Env): readonly string[] | undefined {
  const runtimeFolder = env["XDG_RUNTIME_DIR"];
  const systemdRun = Bun.which("systemd-run");
  if (process.platform !== "linux" || !runtimeFolder || systemdRun === null || !isSocket(join(runtimeFolder, "systemd", "private"))) return undefined;
  return [systemdRun, "--user", "--scope", "--quiet", "--collect", "--property=OOMPolicy=continue", "--"];
}

function isSocket(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isSocket() ?? false;
}
