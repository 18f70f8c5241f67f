import { quoteForSh } from "../../core/text/quoting.ts";
import wrapper from "./heartbeat-wrapper.sh" with { type: "text" };

/** How often a program that is wrapped gives a sign of life, where nobody says otherwise. */
export const BEAT_EVERY_SECS = 30;

/**
 * What to put before a program's own words so that its runtime gives heartbeats without knowing of them. It becomes the program: the
 * same process, its words, terminal and end untouched. Beside it a shell loop calls iapeer for as long as the program lives, which
 * notes a heartbeat if the program answers.
 *
 * @param self runs iapeer, the program's path absolute
 * @param peer whose heartbeat it is: a peer's name or an identity; left out, that of the session it is in (`PEER_IDENTITY`)
 */
export function heartbeatWrapper(self: readonly string[], everySecs: number, peer?: string): string[] {
  const beat = [...self, "heartbeat", ...(peer === undefined ? [] : [peer])].map(quoteForSh).join(" ");
  return ["/bin/sh", "-c", withoutComments(wrapper), "iapeer-heartbeat", String(everySecs), beat];
}

/** It is an argument, and stands in every list of processes. */
function withoutComments(script: string): string {
  return script
    .split("\n")
    .filter((line) => !/^\s*(#|$)/.test(line))
    .join("\n");
}
