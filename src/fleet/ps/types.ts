import type { Env, Layout } from "../../core/layout.ts";
import type { Fleet } from "../../model/agent.ts";
import type { Death } from "../../status/deaths/types.ts";
import type { PeerStatus } from "../../status/liveness/types.ts";
import type { DRIFT_CODES } from "./drift-codes.ts";

/**
 * The health of an agent.
 *
 * - `healthy`: it is live, and gave a heartbeat since its launch and within the time that is asked for.
 * - `silent`: it is live, and gave no such heartbeat.
 * - `down`: it is not live.
 * - `unknown`: the probe failed.
 * - `remote`: it is of another host, and nobody looked at it.
 */
export type Health = "healthy" | "silent" | "down" | "unknown" | "remote";

/** One kind of difference from the declaration. */
export type DriftCode = (typeof DRIFT_CODES)[number];

export interface Drift {
  readonly code: DriftCode;
  /** A sentence about the agent, without its name. */
  readonly message: string;
}

/** One agent as `fleet ps --json` has it; other programs read it. */
export interface PsRow {
  /** `<runtime>-<peer>`; null where nothing but a unit is left. */
  readonly identity: string | null;
  readonly peer: string;
  /** null for one that neither the file nor what is applied knows. */
  readonly class: string | null;
  readonly runtime: string | null;
  readonly host: string;
  /** The account that it belongs to; null for a remote one whose `ssh` names none. */
  readonly tenant: string | null;
  readonly declared: boolean;
  readonly applied: boolean;
  readonly registered: boolean;
  /** null for a remote one. */
  readonly unit: "enabled" | "disabled" | "absent" | null;
  readonly status: PeerStatus | "remote";
  /** Why the status is unknown; left out for any other. */
  readonly reason?: string;
  readonly health: Health;
  readonly heartbeat_age_secs: number | null;
  /** When its session was launched, while it is live. */
  readonly since: string | null;
  /** The seconds since then, by the clock of the boot where the host has one. */
  readonly up_secs: number | null;
  readonly server_pid: number | null;
  readonly last_death: LastDeath | null;
  readonly drift: readonly Drift[];
}

export interface LastDeath extends Pick<Death, "id" | "ts" | "verdict"> {
  readonly cause: string | null;
}

/** The account whose agents those of this host are, and the host. */
export interface Tenancy {
  readonly tenant: string;
  readonly host: string;
}

/** The request of readPsRows. */
export interface PsQuery {
  readonly fleet: Fleet;
  readonly layout: Layout;
  readonly env: Env;
  readonly here: Tenancy;
  readonly now: Date;
  /** A heartbeat that is no older tells that its agent is healthy. */
  readonly withinSecs: number;
}
