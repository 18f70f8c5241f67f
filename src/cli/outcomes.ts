import { isGood } from "../provision/row-state.ts";
import type { Colors } from "./colors.ts";
import { tame } from "./table.ts";

/** One provider run as verbs print it. */
export interface OutcomeJson {
  readonly runtime: string;
  readonly state: string;
  readonly detail?: string;
}

/** "\n  memory claude: ok" for each. */
export function renderOutcomes(outcomes: readonly OutcomeJson[], colors: Colors): string {
  return outcomes.map((outcome) => `\n  memory ${outcome.runtime}: ${renderState(outcome, colors)}`).join("");
}

/** "ok", or "failed (the last words of stderr)". */
export function renderState(outcome: Pick<OutcomeJson, "state" | "detail">, colors: Colors): string {
  const paint = isGood(outcome) ? colors.green : outcome.state === "not-run" ? colors.yellow : colors.red;
  const detail = isGood(outcome) || outcome.detail === undefined ? "" : ` (${tame(outcome.detail)})`;
  return `${paint(outcome.state)}${detail}`;
}
