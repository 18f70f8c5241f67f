import type { Peer } from "../../registry/types.ts";
import type { UnitState } from "../../boot/types.ts";
import type { PeerStatus } from "../../status/liveness/types.ts";
import type { Fleet, AppliedFleet } from "../../model/agent.ts";
import type { Surroundings } from "../file/types.ts";
import type { LastDeath, Tenancy } from "./types.ts";

/** The facts about one identity of this host. */
export interface SessionFacts {
  readonly status: PeerStatus;
  /** Why the status is unknown. */
  readonly reason?: string;
  readonly heartbeatAgeSecs: number | undefined;
  readonly lastDeath: LastDeath | null;
  /** Left out unless it is live. */
  readonly session?: LiveSession;
}

export interface LiveSession {
  readonly serverPid: number;
  /** Left out where the server that answers was not launched from this root. */
  readonly launch?: LaunchFacts;
}

export interface LaunchFacts {
  readonly launchedAt: string;
  /** The seconds since then by the clock of the boot, which nobody sets; left out where the host has none. */
  readonly upSecs?: number;
  /** The model of the launch; left out where none was named. */
  readonly model?: string;
  /** The name of the tmux server that it shares; left out where it has its own. */
  readonly socketName?: string;
  /** True while the agent's own process runs. */
  readonly isAgentRunning: boolean;
}

/** The units that start agents at boot. */
export interface UnitFacts {
  readonly isInstalled: boolean;
  readonly unitOf: (name: string) => UnitState;
  /** The names that have an enabled unit, also those without an agent. */
  readonly enabled: readonly string[];
}

/** All facts for the rows of a fleet. */
export interface FleetFacts {
  readonly fleet: Pick<Fleet, "agents" | "socketName">;
  /** undefined: no fleet was ever applied. */
  readonly applied: AppliedFleet | undefined;
  readonly peers: readonly Peer[];
  /** By identity. Nothing is known of an identity that is not in it, and nothing runs for it. */
  readonly sessions: ReadonlyMap<string, SessionFacts>;
  readonly units: UnitFacts;
  readonly here: Tenancy;
  readonly surroundings: Pick<Surroundings, "resolveLinks">;
  readonly now: Date;
  /** A heartbeat that is no older tells that its agent is healthy. */
  readonly withinSecs: number;
}

export const NOTHING_KNOWN: SessionFacts = { status: "asleep", heartbeatAgeSecs: undefined, lastDeath: null };
