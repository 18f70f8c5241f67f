import { identityOf } from "../model/names.ts";
import type { Peer } from "../registry/types.ts";
import type { PeerStatus, Statuses } from "../status/liveness/types.ts";

/** A peer as `list --json` has it. Other programs read it: contract 4. */
export interface PeerJson {
  readonly personality: string;
  readonly default_runtime: string;
  readonly last_active_runtime?: string;
  readonly intelligence: string;
  /** Left out where it is none. */
  readonly manager?: true;
  readonly description: string;
  readonly cwd: string;
  readonly runtimes: readonly {
    readonly runtime: string;
    readonly status: PeerStatus;
    /** Why the status is unknown; left out for any other. */
    readonly reason?: string;
  }[];
}

/** A peer with the status of each of its runtimes as it is now. */
export function toPeerJson(peer: Peer, statuses: Statuses): PeerJson {
  return {
    personality: peer.personality,
    default_runtime: peer.defaultRuntime,
    ...(peer.lastActiveRuntime !== undefined && { last_active_runtime: peer.lastActiveRuntime }),
    intelligence: peer.intelligence,
    ...(peer.isManager && { manager: true }),
    description: peer.description,
    cwd: peer.cwd,
    runtimes: peer.runtimes.map((runtime) => {
      const identity = identityOf(runtime, peer.personality);
      const reason = statuses.whyUnknown(identity);
      return { runtime, status: statuses.of(identity), ...(reason !== undefined && { reason }) };
    }),
  };
}
