import type { Agent, AppliedFleet } from "../model/agent.ts";
import { join } from "node:path";
import { writeAtomically } from "../core/disk/atomic-write.ts";
import { accountName } from "../core/libc.ts";
import { namedSocketPath } from "../core/tmux.ts";
import { findMember, type Here, planComms, renderComms } from "../fleet/comms.ts";
import { BEAT_EVERY_SECS, heartbeatWrapper } from "../launch/heartbeat/heartbeat.ts";
import type { LaunchCommand, LaunchPlan } from "../launch/start/start.ts";
import { type LaunchEnv, readLaunchEnv } from "../launch/runtime/launch-env.ts";
import { resolveRuntimeCommand, type RuntimeCommand } from "../launch/runtime/command.ts";
import { planGiven } from "../launch/runtime/ways.ts";
import { readHostName } from "../core/host.ts";
import { identityOf } from "../model/names.ts";
import { readRegistry } from "../registry/registry.ts";
import { refuseLeaving } from "./choose.ts";
import type { App } from "./types.ts";

/** What is to be launched, and what the fleet says of it. */
export interface LaunchOrder {
  readonly personality: string;
  readonly runtime: string;
  /** The peer's folder. */
  readonly cwd: string;
  /** More arguments for the runtime's program, after those of its launch.env. */
  readonly args: readonly string[];
  /** The fleet as it was applied; undefined: none was. */
  readonly fleet: AppliedFleet | undefined;
}

/**
 * What a launch comes to: the runtime's program; for an agent of the fleet its model and what it is told of the others; the start arguments
 * of its launch.env; the arguments of this call. The program is only looked for when there is something to launch.
 */
export function planLaunch(app: App, order: LaunchOrder): LaunchPlan {
  const { personality, runtime, cwd, fleet } = order;
  const agent = findMember(fleet, { name: personality, runtime });
  const socket = agent === undefined || fleet?.socketName === undefined ? undefined : namedSocketPath(app.env, fleet.socketName);
  return {
    identity: identityOf(runtime, personality),
    personality,
    runtime,
    cwd,
    confirm: () => refuseGone(app, personality),
    findCommand: () => planCommand(app, order, agent),
    ...(socket !== undefined && { socket }),
  };
}

/** A peer may be removed while its launch waits. Throws `peer-not-found`, `peer-being-removed`. */
function refuseGone({ layout }: App, personality: string): void {
  refuseLeaving(readRegistry(layout).require(personality));
}

function planCommand(app: App, { runtime, cwd, args, fleet }: LaunchOrder, agent: Agent | undefined): LaunchCommand {
  const { program, variables, startArgs } = findProgram({ cwd, runtime }, app);
  const own = { variables, startArgs: [...startArgs, ...args] };
  if (fleet === undefined || agent === undefined) return { argv: [...program.argv, ...own.startArgs], variables };
  return planMember(app, { agent, program, own, fleet });
}

/**
 * The program of a runtime, and what the launch.env of a folder adds to it. It writes nothing, and so also tells whether a launch could
 * be done.
 *
 * @throws IapeerError what readLaunchEnv and resolveRuntimeCommand throw.
 */
export function findProgram(
  { cwd, runtime }: Pick<LaunchPlan, "cwd" | "runtime">,
  { env, layout }: Pick<App, "env" | "layout">,
): LaunchEnv & { readonly program: RuntimeCommand } {
  const own = readLaunchEnv(cwd, runtime);
  return { ...own, program: resolveRuntimeCommand({ layout, runtime, env: { ...env, ...own.variables } }) };
}

/** This host as a fleet names it. */
export function readHere(): Here {
  return { host: readHostName(), user: accountName() };
}

interface Member {
  readonly agent: Agent;
  readonly program: RuntimeCommand;
  /** What the peer's launch.env and the call say. */
  readonly own: LaunchEnv;
  readonly fleet: AppliedFleet;
}

/** How an agent of the fleet is started. What its runtime cannot be told is a warning. */
function planMember({ env, layout, tell, self }: App, { agent, program, own, fleet }: Member): LaunchCommand {
  const prompt = renderComms(planComms(fleet, agent.name, readHere()));
  const promptFile = join(layout.stateFolder, `${identityOf(agent.runtime, agent.name)}.comms.md`);
  const { variables, startArgs } = own;
  const given = planGiven(
    program.ways,
    { model: agent.modelHint, prompt, promptFile },
    { args: startArgs, variables, env: { ...env, ...variables } },
  );
  if (given.needsFile) writeAtomically(promptFile, prompt);
  for (const { what, why } of given.left) {
    tell.warn(
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
