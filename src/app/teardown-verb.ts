/** The hidden verb that makes this program the process which ends a session for a caller inside it. */
export const TEARDOWN_VERB = "__teardown";
