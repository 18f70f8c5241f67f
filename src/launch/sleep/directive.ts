import type { Sender } from "../session/sender.ts";

/** What a message may ask a running agent to do, beyond reading it. */
export const DIRECTIVES = ["sleep"] as const;

/** Whether a directive takes effect, and if not why. */
export type Authority = { readonly isGiven: true } | { readonly isGiven: false; readonly why: string };

/**
 * Who may give an order: a person, and the fleet's orchestrator.
 *
 * @param orchestrators their identities on this host, as the fleet was applied
 * @param recipient undefined for an agent of another host
 */
export function judgeDirective(sender: Sender, orchestrators: readonly string[], recipient: string | undefined): Authority {
  if (sender.kind === "person") return { isGiven: true };
  // The teardown would end the very process that does it.
  if (sender.identity === recipient)
    return { isGiven: false, why: `${sender.name} cannot order itself: an agent sleeps by ending` };
  if (orchestrators.includes(sender.identity)) return { isGiven: true };
  return { isGiven: false, why: `${sender.name} is neither a person nor the fleet's orchestrator` };
}

/** What a directive without words of its own says to the agent; `graceMs` when it takes effect. */
export function renderDirective(from: string, graceMs: number | undefined): string {
  if (graceMs === undefined) return `${from} asks you to sleep`;
  return `${from} asks you to sleep: put your work away, this session is stopped ${graceMs === 0 ? "now" : `in ${graceMs / 1000} s`}`;
}
