import type { Incarnation } from "../../status/incarnation/types.ts";
import type { Witness } from "../recorder/types.ts";
import type { Member } from "../runtime/types.ts";

/** One launch, as its caller plans it from values that it has read already. */
export interface LaunchPlan {
  readonly personality: string;
  readonly runtime: string;
  /** The peer's folder. */
  readonly cwd: string;
  /** The start arguments of the call, which come after those of launch.env. */
  readonly args: readonly string[];
  /** The wishes of the fleet for its agent. Left out: it is no agent of the fleet. */
  readonly member?: Member | undefined;
  /** The absolute path of the socket of a shared server. Left out: the identity gets a server of its own. */
  readonly socket?: string | undefined;
  /** Looks whether the launch is still wanted, while the identity's lock is held. Throws the reason why not. */
  readonly confirm?: () => void;
  /** True: a peer that was stopped or retired is left so. A unit launches in this way. */
  readonly unlessStopped?: boolean;
}

/** The result of a launch. */
export interface Launched {
  /** `left-stopped`: it was stopped on purpose, and the launch was for others. */
  readonly action: "launched" | "already-live" | "left-stopped";
  readonly incarnation: Incarnation | undefined;
  readonly witness: Witness | null;
  /** True: it had a stop mark, which this launch took away. */
  readonly wasStopped: boolean;
}
