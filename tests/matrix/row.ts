import type { Witness } from "../../src/launch/canary/script.ts";
import type { Scene } from "./scene.ts";

/** What must be true afterwards. What a row does not name must not be there. */
export interface Expected {
  /** exits.log, a text each (see renderRecord). Where the host decides, the alternatives stand with " | " between them. */
  readonly records?: readonly string[];
  /** What still runs of all that the scene started (see Scene.track). */
  readonly lives?: readonly string[];
  /** What lifecycle.log says of the canary of claude-bob since the scene was set. */
  readonly canary?: readonly string[];
}

/** One way for a session, a server or its watcher to end. */
export interface Row {
  /** A sentence. */
  readonly name: string;
  /** By who watches the server when it happens; a witness that is not there is not played. */
  readonly expected: Partial<Record<Witness, Expected>>;
  /** Bob and another peer, amy, are sessions of a tmux server of a person's, who has a session there, too. Only a client watches those. */
  readonly isShared?: true;
  /** How long recorders wait for a claim, where it must be longer than what happens meanwhile. */
  readonly graceMs?: number;
  /** Makes it happen. Throws when something on the way is not as it must be. */
  readonly act: (scene: Scene) => Promise<void>;
}

/** What was found; the same as Expected, but complete, and what is left over. */
export interface Outcome {
  readonly records: readonly string[];
  readonly lives: readonly string[];
  readonly canary: readonly string[];
  /** Processes that nobody should have left behind. */
  readonly leaks: readonly string[];
}

/** The same whoever watches. */
export function both(expected: Expected): Row["expected"] {
  return { parent: expected, client: expected };
}

/** What a row expects, in the words of what was found: where alternatives are allowed, the one that came. */
export function completeExpected({ records = [], lives = [], canary = [] }: Expected, found: Outcome): Outcome {
  const chosen = records.map((record, index) => record.split(" | ").find((one) => one === found.records[index]) ?? record);
  return { records: chosen, lives, canary, leaks: [] };
}

/** The server is lost in one stroke, and its parent knows by what. */
export const KILLED = "server-exit cause=server-vanished wait_rc=137 signal=KILL verdict=killed";
export const CRASHED = "server-exit cause=server-vanished wait_rc=139 signal=SEGV verdict=crashed";
/** A client only knows that the connection dropped. */
export const VANISHED = "server-exit cause=server-vanished wait_rc=1 verdict=unknown";
export const ORDERLY = "server-exit cause=signaled-server-gone wait_rc=0 verdict=orderly-exit";
export const SWEPT = "server-exit cause=client-killed-server-gone wait_rc=137 verdict=unknown";
export const UNWITNESSED = "server-exit cause=unwitnessed verdict=unknown";

/** The whole peer is well and watched. */
export const WELL: readonly string[] = ["bob, watched"];

/** What else there is beside bob on a server of a person's. */
export const OTHERS: readonly string[] = ["the person's server", "the person's session", "amy, watched"];

/** What a server that was killed leaves in the log. */
export function killed(of = ""): Row["expected"] {
  return { parent: { records: [KILLED + of] }, client: { records: [VANISHED + of] } };
}

/** The same with more that must be true. */
export function withMore(expected: Row["expected"], more: Expected): Row["expected"] {
  return Object.fromEntries(Object.entries(expected).map(([witness, one]) => [witness, { ...one, ...more }]));
}
