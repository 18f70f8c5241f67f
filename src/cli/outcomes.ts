import type { MemoryOutcome } from "../app/memory.ts";
import { ERRORS, type ErrorView } from "../model/errors.ts";
import { isGood } from "../model/provisioning.ts";
import type { Colors } from "./colors.ts";
import type { Interruption } from "./interruption.ts";
import { tame } from "../model/characters.ts";

/** "\n  memory claude: ok" for each. */
export function renderOutcomes(outcomes: readonly MemoryOutcome[], colors: Colors): string {
  return outcomes.map((outcome) => `\n  memory ${outcome.runtime}: ${renderMemoryState(outcome, colors)}`).join("");
}

/** "ok", or "failed (the last words of stderr)". */
export function renderMemoryState(outcome: Pick<MemoryOutcome, "state" | "detail">, colors: Colors): string {
  const paint = isGood(outcome) ? colors.green : outcome.state === "not-run" ? colors.yellow : colors.red;
  const detail = isGood(outcome) || outcome.detail === undefined ? "" : ` (${tame(outcome.detail)})`;
  return `${paint(outcome.state)}${detail}`;
}

/** The exit status of several steps: the status that all failures share, else 1. */
export function jointStatus(errors: readonly (ErrorView | undefined)[], interruption?: Pick<Interruption, "exitStatus">): number {
  const statuses = errors.filter((error) => error !== undefined).map((error) => statusOf(error, interruption));
  return new Set(statuses).size > 1 ? 1 : (statuses[0] ?? 0);
}

function statusOf({ code }: ErrorView, interruption: Pick<Interruption, "exitStatus"> | undefined): number {
  return (code === "interrupted" ? interruption?.exitStatus() : undefined) ?? ERRORS[code].exit;
}
