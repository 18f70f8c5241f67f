import { realpathSync } from "node:fs";
import { join } from "node:path";
import { identityOf } from "../model/names.ts";
import { type Env, type Layout, refuseSocketInSandbox } from "./layout.ts";

/** The socket of one identity's tmux server. */
export function socketPath(layout: Layout, runtime: string, personality: string): string {
  return socketPathOf(layout, identityOf(runtime, personality));
}

/** The same by the identity's own name. */
export function socketPathOf(layout: Layout, identity: string): string {
  return join(layout.socketFolder, `tmux-iap-${identity}.sock`);
}

/**
 * The socket that `tmux -L name` uses in an environment: `$TMUX_TMPDIR/tmux-<uid>/<name>` with links resolved, and /tmp where TMUX_TMPDIR
 * is not set or leads nowhere (tmux(1), `-L`; tmux.c, make_label). Nothing is made.
 *
 * @throws IapeerError `sandbox-violation`: the socket would be outside the sandbox.
 */
export function namedSocketPath(env: Env, name: string): string {
  const above = resolved(env["TMUX_TMPDIR"] ?? "") ?? realpathSync("/tmp");
  const folder = join(above, `tmux-${process.getuid!()}`);
  refuseSocketInSandbox(env, folder);
  return join(folder, name);
}

function resolved(path: string): string | undefined {
  try {
    // Node takes "" for the working folder; realpath(3) does not.
    return path === "" ? undefined : realpathSync(path);
  } catch {
    // Nothing is there.
    return undefined;
  }
}
