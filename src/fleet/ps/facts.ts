import type { Peer } from "../../registry/types.ts";
import type { UnitState } from "../../boot/types.ts";
import type { PeerStatus } from "../../status/liveness/types.ts";
import type { Fleet, AppliedFleet } from "../../model/agent.ts";
import type { Surroundings } from "../file/types.ts";
import type { LastDeath, Tenancy } from "./types.ts";

/** What is known of one identity of this host. */
export interface SessionFacts {
  readonly status: PeerStatus;
  readonly heartbeatAgeSecs: number | undefined;
  readonly lastDeath: LastDeath | null;
  /** Of one that is live. */
  readonly session?: LiveSession;
}

export interface LiveSession {
  readonly serverPid: number;
  /** undefined: a server that was not launched from this root answers. */
  readonly launch?: LaunchFacts;
}

export interface LaunchFacts {
  readonly launchedAt: string;
  /** The model that it was launched with; undefined: none was named. */
  readonly model?: string;
  /** The tmux server that it shares with others, by name; undefined: its own. */
  readonly socketName?: string;
  /** Its agent's own process goes on. */
  readonly isAgentRunning: boolean;
}

/** What starts agents at boot. */
export interface UnitFacts {
  readonly isInstalled: boolean;
  readonly unitOf: (name: string) => UnitState;
  /** Names that have an enabled unit, those of nobody included. */
  readonly enabled: readonly string[];
}

/** Everything that rows are made of. */
export interface FleetFacts {
  readonly fleet: Pick<Fleet, "agents" | "socketName">;
  /** undefined: nothing was ever applied. */
  readonly applied: AppliedFleet | undefined;
  readonly peers: readonly Peer[];
  /** By identity; of one that is not in it nothing is known, and nothing runs. */
  readonly sessions: ReadonlyMap<string, SessionFacts>;
  readonly units: UnitFacts;
  readonly here: Tenancy;
  readonly surroundings: Pick<Surroundings, "resolveLinks">;
  readonly now: Date;
  /** No older than this, and a heartbeat says that its agent is healthy. */
  readonly withinSecs: number;
}

export const NOTHING_KNOWN: SessionFacts = { status: "asleep", heartbeatAgeSecs: undefined, lastDeath: null };
