import type { Plan, PlanFacts } from "../../../fleet/plan/types.ts";
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
