import { type LaunchPlan } from "../launch/launch.ts";
import { readLaunchEnv } from "../launch/launch-env.ts";
import { resolveRuntimeCommand } from "../launch/runtime-command.ts";
import type { Context } from "./context.ts";
import type { ChosenIdentity } from "./identity-option.ts";
import { refuseLeaving } from "./targets.ts";

/**
 * What a launch of one identity comes to: the runtime's program, the start arguments of its launch.env, then those of this call.
 *
 * @throws IapeerError `peer-being-removed`.
 */
export function planLaunch({ peer, runtime, identity }: ChosenIdentity, args: readonly string[], { env, layout }: Context): LaunchPlan {
  if (peer.isBeingRemoved) refuseLeaving(peer.personality);
  const findCommand = () => {
    const { variables, startArgs } = readLaunchEnv(peer.cwd, runtime);
    const program = resolveRuntimeCommand({ layout, runtime, env: { ...env, ...variables } });
    return { argv: [...program, ...startArgs, ...args], variables };
  };
  return { identity, personality: peer.personality, runtime, cwd: peer.cwd, findCommand };
}
