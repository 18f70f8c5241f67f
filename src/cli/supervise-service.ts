import { existsSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { writeAtomically } from "../core/atomic-write.ts";
import { IapeerError } from "../core/errors.ts";
import { makeFolder } from "../core/files.ts";
import { homeFrom } from "../core/paths.ts";
import { planInstall, planUninstall, type ServicePlatform } from "../launch/supervise/service-unit.ts";
import type { Context } from "./context.ts";
import type { Output } from "./output.ts";

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
  const wasThere = existsSync(path);
  makeFolder(dirname(path));
  writeAtomically(path, text, { mode: 0o644 });
  try {
    commands.forEach(runCommand);
  } catch (error) {
    if (!wasThere) rmSync(path, { force: true });
    throw error;
  }
  output.result({ action: "installed", path }, () => `installed ${path}`);
  return 0;
}

function takeAway({ path, before, after }: ReturnType<typeof planUninstall>, { output }: Context): number {
  if (!existsSync(path)) {
    output.result({ action: "absent", path }, () => "no such service is installed");
    return 0;
  }
  // Where the service manager does not answer it runs nothing either.
  before.forEach((argv) => tryCommand(argv, output));
  rmSync(path);
  after.forEach((argv) => tryCommand(argv, output));
  output.result({ action: "removed", path }, () => `removed ${path}`);
  return 0;
}

/** The variables are written down as they are set now: with IAPEER_ROOT the sockets are elsewhere than without. */
function unitFrom({ env, self }: Context): Parameters<typeof planInstall>[1] {
  const { IAPEER_ROOT: root, IAPEER_SOCK_DIR: sockDir, PATH: path } = env;
  return { program: self, path: path ?? "/usr/bin:/bin", ...(root && { root }), ...(sockDir && { sockDir }) };
}

const HINT = "have whatever you use run: iapeer supervise; to see the service: iapeer supervise --install --print";

function tryCommand(argv: readonly string[], output: Output): void {
  try {
    runCommand(argv);
  } catch (error) {
    output.warn((error as Error).message);
  }
}

function runCommand(argv: readonly string[]): void {
  const program = Bun.which(argv[0]!);
  const words = argv.join(" ");
  if (program === null) throw new IapeerError("command-failed", `${argv[0]} is not here: no service manager runs`, { hint: HINT });
  const child = Bun.spawnSync([program, ...argv.slice(1)], { stdin: "ignore", stdout: "ignore", stderr: "pipe", timeout: COMMAND_MS });
  if (child.success) return;
  throw new IapeerError("command-failed", `${words} failed: ${child.stderr.toString().trim() || `exit status ${child.exitCode}`}`, { hint: HINT });
}
