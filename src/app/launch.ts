import { readApplied } from "../fleet/applied.ts";
import { launchIdentity } from "../launch/start/start.ts";
import type { Launched } from "../launch/start/types.ts";
import { authorize } from "./authority.ts";
import { type AskedIdentity, chooseIdentity, refuseLeaving } from "./choose.ts";
import { planLaunch } from "./launch-plan.ts";
import type { App } from "./types.ts";
import { namedSocketPath } from "../core/socket-path.ts";

export interface LaunchRequest extends AskedIdentity {
  /** More arguments for the runtime's program. */
  readonly args: readonly string[];
  /** The name of a tmux server that others use too, checked. Default: what the fleet says, else a server of the identity's own. */
  readonly socketName?: string | undefined;
  /** Leave a peer alone that was stopped or retired. */
  readonly unlessStopped?: boolean;
}

/** A wish of the call that a session which is live already does not fulfil. */
export type Ignored =
  | { readonly kind: "arguments" }
  | { readonly kind: "socket"; /** The one it stays on. */ readonly socket: string };

export interface LaunchReport extends Launched {
  readonly identity: string;
  /** Empty unless it was live already. */
  readonly ignored: readonly Ignored[];
}

/** As `launch --json` prints it. */
export interface LaunchJson {
  readonly identity: string;
  readonly action: Launched["action"];
  readonly incarnation: string | null;
  readonly server_pid: number | null;
  readonly pane_pid: number | null;
  readonly socket: string | null;
  /** Left out where the session was live already. */
  readonly witness?: Launched["witness"];
  /** The peer had a stop mark, which is gone. */
  readonly was_stopped?: true;
}

export function toLaunchJson({ identity, action, incarnation, witness, wasStopped }: LaunchReport): LaunchJson {
  return {
    identity,
    action,
    incarnation: incarnation?.incarnation ?? null,
    server_pid: incarnation?.server?.pid ?? null,
    pane_pid: incarnation?.pane?.pid ?? null,
    socket: incarnation?.socket ?? null,
    ...(action === "launched" && { witness }),
    ...(wasStopped && { was_stopped: true }),
  };
}

/**
 * Launches a peer's session, or finds the one that is live. The signal ends the wait for another process that is at work on it, and the
 * wait for the agent's first second. A session that has begun is there and watched when this returns.
 *
 * @throws IapeerError `not-authorized`; `interrupted`: nothing was launched; `peer-not-found`, `runtime-not-found`, `peer-being-removed`; `fleet-state-corrupt`: with which model and where the
 *   peer is launched cannot be told; what findProgram and launchIdentity throw.
 */
export async function launchPeer(
  app: App,
  { args, socketName, unlessStopped = false, ...asked }: LaunchRequest,
  signal: AbortSignal,
): Promise<LaunchReport> {
  authorize(app, "launch", asked.personality);
  const { peer, runtime, identity } = chooseIdentity(app, asked, "launch");
  refuseLeaving(peer);
  const { personality, cwd } = peer;
  const fleet = readApplied(app.layout);
  const plan = {
    ...planLaunch(app, { personality, runtime, cwd, args, fleet }),
    unlessStopped,
    ...(socketName !== undefined && { socket: namedSocketPath(app.env, socketName) }),
  };
  const launched = await launchIdentity(plan, app, signal);
  const socket = launched.incarnation?.socket;
  const isElsewhere = plan.socket !== undefined && socket !== undefined && socket !== plan.socket;
  const ignored: Ignored[] = [
    ...(args.length > 0 ? [{ kind: "arguments" } as const] : []),
    ...(isElsewhere ? [{ kind: "socket", socket } as const] : []),
  ];
  return { identity, ...launched, ignored: launched.action === "already-live" ? ignored : [] };
}
