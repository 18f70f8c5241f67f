import type { Agent, AppliedFleet } from "../model/agent.ts";
import { join } from "node:path";
import { writeAtomically } from "../core/disk/atomic-write.ts";
import { accountName } from "../core/libc.ts";
import { namedSocketPath } from "../core/tmux.ts";
import { readApplied } from "../fleet/applied.ts";
import { findMember, type Here, planComms, renderComms } from "../fleet/comms.ts";
import { BEAT_EVERY_SECS, heartbeatWrapper } from "../launch/heartbeat/heartbeat.ts";
import type { LaunchCommand, LaunchPlan } from "../launch/start/start.ts";
import { type LaunchEnv, readLaunchEnv } from "../launch/runtime/launch-env.ts";
import { resolveRuntimeCommand, type RuntimeCommand } from "../launch/runtime/command.ts";
import { planGiven } from "../launch/runtime/ways.ts";
import { readHostName } from "../core/host.ts";
import { readRegistry } from "../registry/registry.ts";
import type { Context } from "./app.ts";
import type { ChosenIdentity } from "../cli/identity-option.ts";
import { refuseLeaving } from "../cli/targets.ts";

/**
 * What a launch of one identity comes to: the runtime's program, for an agent of the fleet its model and what it is told of the others,
 * then the start arguments of its launch.env, then those of this call.
 *
 * @throws IapeerError `peer-being-removed`; `fleet-state-corrupt`: whether it is an agent of the fleet, and so with which model and
 *   where, cannot be told.
 */
export function planLaunch(chosen: ChosenIdentity, args: readonly string[], context: Context): LaunchPlan {
  const { peer, runtime, identity } = chosen;
  const { env, layout } = context;
  if (peer.isBeingRemoved) refuseLeaving(peer.personality);
  const fleet = readApplied(layout);
  const agent = findMember(fleet, { name: peer.personality, runtime });
  const findCommand = (): LaunchCommand => {
    const { program, variables, startArgs } = findProgram({ cwd: peer.cwd, runtime }, context);
    const own = { variables, startArgs: [...startArgs, ...args] };
    if (fleet === undefined || agent === undefined) return { argv: [...program.argv, ...own.startArgs], variables };
    return planMember({ identity, agent, program, own, fleet }, context);
  };
  const socket = agent === undefined || fleet?.socketName === undefined ? undefined : namedSocketPath(env, fleet.socketName);
  return {
    identity,
    personality: peer.personality,
    runtime,
    cwd: peer.cwd,
    confirm: () => refuseGone(peer.personality, context),
    findCommand,
    ...(socket !== undefined && { socket }),
  };
}

/** A peer may be removed while its launch waits. Throws `peer-not-found`, `peer-being-removed`. */
function refuseGone(personality: string, { layout }: Context): void {
  if (readRegistry(layout).require(personality).isBeingRemoved) refuseLeaving(personality);
}

/**
 * The program of a runtime, and what the launch.env of a folder adds to it. It writes nothing: also to see whether a launch could be done.
 *
 * @throws IapeerError what readLaunchEnv and resolveRuntimeCommand throw.
 */
export function findProgram(
  { cwd, runtime }: Pick<LaunchPlan, "cwd" | "runtime">,
  { env, layout }: Pick<Context, "env" | "layout">,
): LaunchEnv & { readonly program: RuntimeCommand } {
  const own = readLaunchEnv(cwd, runtime);
  return { ...own, program: resolveRuntimeCommand({ layout, runtime, env: { ...env, ...own.variables } }) };
}

/** This host as a fleet names it. */
export function readHere(): Here {
  return { host: readHostName(), user: accountName() };
}

interface Start {
  readonly identity: string;
  readonly agent: Agent;
  readonly program: RuntimeCommand;
  /** What the peer's launch.env and the call say. */
  readonly own: LaunchEnv;
  readonly fleet: AppliedFleet;
}

/** How an agent of the fleet is started. */
function planMember({ identity, agent, program, own, fleet }: Start, { env, layout, output, self }: Context): LaunchCommand {
  const prompt = renderComms(planComms(fleet, agent.name, readHere()));
  const promptFile = join(layout.stateFolder, `${identity}.comms.md`);
  const { variables, startArgs } = own;
  const given = planGiven(
    program.ways,
    { model: agent.modelHint, prompt, promptFile },
    { args: startArgs, variables, env: { ...env, ...variables } },
  );
  if (given.needsFile) writeAtomically(promptFile, prompt);
  for (const { what, why } of given.left) {
    output.warn(
      what === "model"
        ? `${agent.name} starts without its model ${agent.modelHint}: ${why}`
        : `${agent.name} is not told who is in its fleet: ${why}; see: iapeer fleet comms ${agent.name}`,
    );
  }
  return {
    wrapper: program.ways.heartbeat === "wrapper" ? heartbeatWrapper([...self, "--root", layout.root], BEAT_EVERY_SECS) : [],
    argv: [...program.argv, ...given.args, ...startArgs],
    variables: { ...variables, ...given.variables },
    ...(given.model !== undefined && { model: given.model }),
  };
}
