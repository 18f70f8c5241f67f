import { statSync } from "node:fs";
import { join } from "node:path";
import { parseIdentity } from "../../model/names.ts";
import type { Env } from "../layout.ts";
import { serviceName } from "./place.ts";

/**
 * The argv that starts a command in a scope of its own under the user's systemd (systemd-run(1)). The scope's control group is apart from
 * that of the caller: what ends the one does not end the other. The command is executed in the same process.
 *
 * At the end of the host systemd ends scopes and services at once. The scope of an identity waits for the agent's own unit, which stops
 * the agent on purpose: otherwise the end of the scope would look like a death.
 *
 * @returns undefined where no user manager runs.
 */
export function scopeLauncher(env: Env, identity?: string): readonly string[] | undefined {
  const runtimeFolder = env["XDG_RUNTIME_DIR"];
  if (process.platform !== "linux" || !runtimeFolder || !isSocket(join(runtimeFolder, "systemd", "private"))) return undefined;
  const systemdRun = Bun.which("systemd-run", { PATH: env["PATH"] ?? "" });
  if (systemdRun === null) return undefined;
  const properties = ["OOMPolicy=continue", ...orderOf(identity)].map((property) => `--property=${property}`);
  return [systemdRun, "--user", "--scope", "--quiet", "--collect", ...properties, "--"];
}

/** A unit that starts before another stops after it (systemd.unit(5), Before=). A unit that does not exist does no harm. */
function orderOf(identity: string | undefined): string[] {
  const parsed = identity === undefined ? undefined : parseIdentity(identity);
  return parsed === undefined ? [] : [`Before=${serviceName({ agent: parsed.personality }, "linux")}`];
}

function isSocket(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isSocket() ?? false;
}
