import type { ApplySteps, Plan, PlanFacts } from "../../../fleet/plan/types.ts";
import type { AppliedFleet } from "../../../model/agent.ts";
import type { HostView } from "../../host-view.ts";

/** A plan that is to be carried out, and how. */
export interface StepsRequest {
  readonly plan: Plan;
  readonly facts: PlanFacts;
  readonly view: HostView;
  /** The fleet file's path, as it is recorded. */
  readonly file: string;
  /** End the live sessions of the agents that go. */
  readonly isForced: boolean;
  /** True for an agent of this host that is to be launched when it is not live. */
  readonly isStarted: (name: string) => boolean;
}

/** The record of the applied fleet while an apply goes on. */
export interface FleetRecord extends Pick<ApplySteps, "announce" | "record"> {
  /** The applied fleet as it is recorded now; undefined: none is. */
  readonly applied: () => AppliedFleet | undefined;
}

/** The steps of an apply, and what is recorded of it so far. */
export interface RecordedSteps extends ApplySteps, Pick<FleetRecord, "applied"> {}
