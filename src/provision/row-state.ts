/** A peer without a runtime that provider commands run for. */
export const SKIPPED = "skipped-no-agentic-runtime";
/** A sweep was interrupted before it came to this row. */
export const NOT_RUN = "not-run";

/** States that leave nothing to do: of a provider command, of the older plugin form, of a row that needs none. */
const GOOD_STATES: ReadonlySet<string> = new Set(["ok", "installed", "enabled", "already", "removed", "absent", SKIPPED]);

export function isGood({ state }: { readonly state: string }): boolean {
  return GOOD_STATES.has(state);
}
