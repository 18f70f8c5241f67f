import type { Host } from "../core/host.ts";
import type { Runner } from "../core/process/runner.ts";
import type { Sender } from "../launch/sender.ts";

/** The one value that a use case is given: openApp makes it once a call, or once for all calls of a resident process. */
export interface App extends Host {
  /** Runs other programs, so that none outlives its limit. */
  readonly runner: Runner;
  /** Starts this program again, as an argv. */
  readonly self: readonly string[];
  /** The caller, found once, when it is first asked for. */
  readonly caller: () => Sender;
}
