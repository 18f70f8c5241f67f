import { accountName } from "../core/libc.ts";
import { readHostName } from "../core/host.ts";
import { findMember, type Here, planComms, renderComms } from "../fleet/onboarding.ts";
import type { Member } from "../launch/runtime/types.ts";
import type { LaunchPlan } from "../launch/start/types.ts";
import type { AppliedFleet } from "../model/agent.ts";
import { readRegistry } from "../registry/registry.ts";
import type { Registry } from "../registry/types.ts";
import { refuseLeaving } from "./choose.ts";
import type { App } from "./types.ts";
import { namedSocketPath } from "../core/socket-path.ts";

/** A peer that is to be launched, and the fleet that it may be a member of. */
export interface LaunchOrder {
  readonly personality: string;
  readonly runtime: string;
  /** The peer's folder. */
  readonly cwd: string;
  /** More arguments for the runtime's program, after those of its launch.env. */
  readonly args: readonly string[];
  /** The fleet as it was applied; undefined: none was. */
  readonly fleet: AppliedFleet | undefined;
  /** The registry at the moment of the launch. Default: it is read then. */
  readonly registry?: () => Registry;
}

/** Plans a launch from what its caller has read: an agent of the fleet gets the fleet's socket, its model and its text. */
export function planLaunch(app: App, { fleet, registry = () => readRegistry(app.layout), ...order }: LaunchOrder): LaunchPlan {
  const { personality, runtime } = order;
  // A peer may be removed while its launch waits.
  const plan = { ...order, confirm: () => refuseLeaving(registry().require(personality)) };
  const agent = findMember(fleet, { name: personality, runtime });
  if (fleet === undefined || agent === undefined) return plan;
  const member: Member = {
    model: agent.modelHint,
    prompt: renderComms(planComms(fleet, agent.name, readHere())),
    iapeer: [...app.self, "--root", app.layout.root],
  };
  return { ...plan, member, socket: fleet.socketName === undefined ? undefined : namedSocketPath(app.env, fleet.socketName) };
}

/** This host as a fleet names it. */
export function readHere(): Here {
  return { host: readHostName(), user: accountName() };
}
