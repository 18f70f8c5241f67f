import { callOf } from "../../model/names.ts";

/** A live server that has no canary, and why. */
export interface Unwatched {
  readonly identity: string;
  readonly reason?: string;
}

/** Why a server of another root, or of nobody's, has none of ours. */
export const FOREIGN = "it was not launched from this root";

/** What gives such a server its canary: one that a person dismissed is left alone by supervise. */
export function hintForUnwatched({ identity, reason }: Unwatched): string {
  if (reason === FOREIGN) return "iapeer doctor";
  return reason === "dismissed" ? `iapeer canary arm ${callOf(identity)}` : "iapeer supervise --once";
}
