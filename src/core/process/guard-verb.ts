/** The hidden verb that makes this program a guard. */
export const GUARD_VERB = "__guard";
