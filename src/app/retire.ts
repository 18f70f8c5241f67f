import { IapeerError } from "../model/errors.ts";
import { authorize } from "./authority.ts";
import { handOver } from "./teardown.ts";
import type { App } from "./types.ts";

export interface RetireRequest {
  /** The agent's own words, for the log. */
  readonly reason?: string | undefined;
}

/** As `retire --json` prints it. */
export interface RetireReport {
  readonly identity: string;
  readonly incarnation: string;
  /** The end is claimed, and another process carries it out. */
  readonly action: "retiring";
  readonly reason?: string;
}

/**
 * Ends the session that the call is made in. It returns once the end is claimed, and the session ends after this process.
 *
 * @throws IapeerError `not-an-agent`: the call is made in no session; what handOver throws.
 */
export async function retireCaller(app: App, { reason }: RetireRequest): Promise<RetireReport> {
  const caller = app.caller();
  if (caller.kind !== "peer")
    throw new IapeerError("not-an-agent", "only an agent retires, from within its own session: this is a person's call", {
      hint: "to end an agent's session: iapeer stop <personality>",
    });
  authorize(app, "retire", caller.name);
  const { identity, incarnation } = caller;
  await handOver(app, { identity, incarnation, reason: "retire", isMarked: true, words: reason, by: app.by() });
  return { identity, incarnation, action: "retiring", ...(reason !== undefined && { reason }) };
}
