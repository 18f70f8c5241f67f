import { statSync } from "node:fs";
import { join } from "node:path";
import { parseIdentity } from "../../model/names.ts";
import type { Env } from "../../core/layout.ts";
import { serviceName } from "../../core/service/place.ts";

/**
 * What starts a command in a scope of its own under the user's systemd (systemd-run(1)), so that its control group is not the one of
 * whoever watches it: what ends the one does not end the other. The command is executed in the same process.
 *
 * At the end of the host systemd ends scopes and services at once. The scope of an identity waits for the agent's own unit, whose stop
 * is on purpose: without that the end of the scope would look like a death.
 *
 * @returns undefined where no user manager runs.
 */
export function scopeLauncher(env: Env, identity?: string): readonly string[] | undefined {
  const runtimeFolder = env["XDG_RUNTIME_DIR"];
  const systemdRun = Bun.which("systemd-run");
  if (
    process.platform !== "linux" ||
    !runtimeFolder ||
    systemdRun === null ||
    !isSocket(join(runtimeFolder, "systemd", "private"))
  )
    return undefined;
  const properties = ["OOMPolicy=continue", ...orderOf(identity)].map((property) => `--property=${property}`);
  return [systemdRun, "--user", "--scope", "--quiet", "--collect", ...properties, "--"];
}

/** What starts before something ends after it (systemd.unit(5), Before=). A unit that is not there does no harm. */
function orderOf(identity: string | undefined): string[] {
  const parsed = identity === undefined ? undefined : parseIdentity(identity);
  return parsed === undefined ? [] : [`Before=${serviceName({ agent: parsed.personality }, "linux")}`];
}

function isSocket(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isSocket() ?? false;
}
