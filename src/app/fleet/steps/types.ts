import type { Plan, PlanFacts } from "../../../fleet/plan/types.ts";
import type { HostView } from "../../host-view.ts";

/** What the rows of a plan are done by. */
export interface StepsRequest {
  readonly plan: Plan;
  readonly facts: PlanFacts;
  readonly view: HostView;
  /** The fleet file's path, as it is recorded. */
  readonly file: string;
  /** End the live sessions of the agents that go. */
  readonly isForced: boolean;
  /** Whether an agent of this host is to be launched when it is not live. */
  readonly isStarted: (name: string) => boolean;
}
