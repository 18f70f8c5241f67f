/** The hidden verb under which this program is a guard; see guard.ts. */
export const GUARD_VERB = "__guard";
