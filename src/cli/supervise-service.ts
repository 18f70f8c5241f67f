import { existsSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { writeAtomically } from "../core/atomic-write.ts";
import { IapeerError } from "../core/errors.ts";
import { makeFolder } from "../core/files.ts";
import { homeFrom } from "../core/paths.ts";
import { planInstall, planUninstall, type ServicePlatform } from "../launch/supervise/service-unit.ts";
import type { Context } from "./context.ts";

export interface ServiceChange {
  readonly isInstall: boolean;
  /** Show what would be installed, and change nothing. */
  readonly isPrint: boolean;
}

const COMMAND_MS = 30_000;

/**
 * Installs, shows or takes away the service that runs `iapeer supervise`.
 *
 * @throws IapeerError `command-failed`: the service manager refused, or there is none.
 */
export async function changeService({ isInstall, isPrint }: ServiceChange, context: Context): Promise<number> {
  const { env, output } = context;
  const platform: ServicePlatform = process.platform === "darwin" ? "darwin" : "linux";
  const where = { home: homeFrom(env), env };
  if (!isInstall) return takeAway(planUninstall(platform, where), context);
  const { path, text, commands } = planInstall(platform, unitFrom(context), where);
  if (isPrint) {
    output.result({ path, text, commands }, () => text);
    return 0;
  }
  makeFolder(dirname(path));
  writeAtomically(path, text, { mode: 0o644 });
  commands.forEach((argv) => runCommand(argv, `${path} is written, but not enabled`));
  output.result({ action: "installed", path }, () => `installed ${path}`);
  return 0;
}

function takeAway({ path, before, after }: ReturnType<typeof planUninstall>, { output }: Context): number {
  if (!existsSync(path)) {
    output.result({ action: "absent", path }, () => "no such service is installed");
    return 0;
  }
  before.forEach((argv) => runCommand(argv, `${path} stays`));
  rmSync(path);
  after.forEach((argv) => runCommand(argv, `${path} is gone`));
  output.result({ action: "removed", path }, () => `removed ${path}`);
  return 0;
}

/** The variables are written down as they are set now: with IAPEER_ROOT the sockets are elsewhere than without. */
function unitFrom({ env, self }: Context): Parameters<typeof planInstall>[1] {
  const { IAPEER_ROOT: root, IAPEER_SOCK_DIR: sockDir, PATH: path } = env;
  return { program: self, path: path ?? "/usr/bin:/bin", ...(root && { root }), ...(sockDir && { sockDir }) };
}

function runCommand(argv: readonly string[], otherwise: string): void {
  const program = Bun.which(argv[0]!);
  const words = argv.join(" ");
  if (program === null) throw new IapeerError("command-failed", `${argv[0]} is not here: no service manager runs; ${otherwise}`, { hint: "see it: iapeer supervise --install --print" });
  const child = Bun.spawnSync([program, ...argv.slice(1)], { stdin: "ignore", stdout: "ignore", stderr: "pipe", timeout: COMMAND_MS });
  if (child.success) return;
  throw new IapeerError("command-failed", `${words} failed: ${child.stderr.toString().trim() || `exit status ${child.exitCode}`}; ${otherwise}`, {
    hint: "see it: iapeer supervise --install --print",
  });
}
