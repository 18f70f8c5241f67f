import { readHostName } from "../../core/host.ts";
import { accountName } from "../../core/libc.ts";
import { readApplied } from "../../fleet/applied.ts";
import { type Comms, type CommsPeer, planComms, renderComms, renderSend, renderWatch } from "../../fleet/onboarding.ts";
import { readPsRows } from "../../fleet/ps/ps.ts";
import type { PsRow } from "../../fleet/ps/types.ts";
import type { Fleet } from "../../model/agent.ts";
import { IapeerError } from "../../model/errors.ts";
import { tameName } from "../../model/party.ts";
import { readHere } from "../launch-plan.ts";
import type { App } from "../types.ts";

export interface FleetLook {
  /** As the fleet file declares it. */
  readonly fleet: Fleet;
  /** A heartbeat that is no older tells that its agent is healthy. */
  readonly withinSecs: number;
}

/**
 * Looks at every agent of a fleet: how it is now, and how it differs from its declaration.
 *
 * @throws IapeerError `fleet-state-corrupt`, `registry-corrupt`, `registry-insecure`, `read-failed`.
 */
export function lookAtFleet({ layout, env, now }: App, { fleet, withinSecs }: FleetLook): readonly PsRow[] {
  const here = { tenant: tameName(accountName()), host: readHostName() };
  return readPsRows({ fleet, layout, env, here, now: now(), withinSecs });
}

/** All that an agent is told at its launch, as `fleet comms --json` prints it. */
export interface CommsReport extends Comms {
  readonly peers: readonly (CommsPeer & {
    /** The command that writes to this peer. */
    readonly send: string;
    /** The command that shows its screen. */
    readonly watch: string;
  })[];
  /** The text that its runtime gets. */
  readonly text: string;
}

/**
 * Reads what an agent of the applied fleet is told at its launch.
 *
 * @throws IapeerError `fleet-not-applied`, `agent-not-found`, `fleet-state-corrupt`.
 */
export function readComms({ layout }: Pick<App, "layout">, name: string): CommsReport {
  const fleet = readApplied(layout);
  if (fleet === undefined)
    throw new IapeerError("fleet-not-applied", "no fleet was ever applied here", { hint: "apply one: iapeer fleet apply" });
  const comms = planComms(fleet, name, readHere());
  const peers = comms.peers.map((one) => ({ ...one, send: renderSend(one), watch: renderWatch(one) }));
  return { ...comms, peers, text: renderComms(comms) };
}
