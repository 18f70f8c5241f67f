import { callOf } from "../core/names.ts";

/** A live server that has no canary, and why. */
export interface Unwatched {
  readonly identity: string;
  readonly reason?: string;
}

/** What gives such a server its canary: one that a person dismissed is left alone by supervise. */
export function hintForUnwatched({ identity, reason }: Unwatched): string {
  return reason === "dismissed" ? `iapeer canary arm ${callOf(identity)}` : "iapeer supervise --once";
}
