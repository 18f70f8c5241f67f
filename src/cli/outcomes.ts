import { isGood } from "../provision/row-state.ts";
import type { SlotProblem } from "../status/slot/types.ts";
import type { Colors } from "./colors.ts";
import type { Output } from "./output.ts";
import { tame } from "../model/characters.ts";

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

/** Says what of the slot's declaration is not obeyed. */
export function warnOfSlot(problems: readonly SlotProblem[], output: Output): void {
  problems.filter(({ severity }) => severity === "error").forEach(({ message }) => output.warn(`memory slot: ${message}`));
}

/** A row without the name that stands above it anyway. */
export function withoutName({ runtime, state, detail }: OutcomeJson): OutcomeJson {
  return { runtime, state, ...(detail !== undefined && { detail }) };
}

/** The exit status of several things done one after the other: what failed alike keeps its own, else 1. */
export function jointStatus(statuses: readonly number[]): number {
  const failed = statuses.filter((status) => status !== 0);
  return new Set(failed).size > 1 ? 1 : (failed[0] ?? 0);
}
