import type { Witness } from "../../src/launch/recorder/types.ts";
import type { Scene } from "./scene.ts";

/** The facts that must be true after the row. A part that is left out must be empty. */
export interface Expected {
  /** The lines of exits.log (see renderRecord). Where the host decides, the alternatives stand with " | " between them. */
  readonly records?: readonly string[];
  /** The tracked things that still run (see Scene.track). */
  readonly lives?: readonly string[];
  /** The lines of lifecycle.log about the canary of claude-bob since the scene was set. */
  readonly canary?: readonly string[];
}

/** One way for a session, a server or its watcher to end. */
export interface Row {
  /** A sentence. */
  readonly name: string;
  /** By the witness that watches the server when it happens. A row is played with these witnesses only. */
  readonly expected: Partial<Record<Witness, Expected>>;
  /** Bob and amy are sessions of a person's own tmux server, beside a session of that person. Only a client watches those. */
  readonly isShared?: true;
  /** How long recorders wait for a claim, where the row needs longer than usual. */
  readonly graceMs?: number;
  /** Makes it happen. Throws when a step on the way fails. */
  readonly act: (scene: Scene) => Promise<void>;
}

/** The findings: the parts of Expected, all of them, and the leaks. */
export interface Outcome {
  readonly records: readonly string[];
  readonly lives: readonly string[];
  readonly canary: readonly string[];
  /** Processes that were left behind. */
  readonly leaks: readonly string[];
}

/** The same for both witnesses. */
export function both(expected: Expected): Row["expected"] {
  return { parent: expected, client: expected };
}

/** The expectation of a row, each alternative decided by what was found. */
export function completeExpected({ records = [], lives = [], canary = [] }: Expected, found: Outcome): Outcome {
  const chosen = records.map((record, index) => record.split(" | ").find((one) => one === found.records[index]) ?? record);
  return { records: chosen, lives, canary, leaks: [] };
}

/** The server ends at once, and its parent knows the signal. */
export const KILLED = "server-exit cause=server-vanished wait_rc=137 signal=KILL verdict=killed";
export const CRASHED = "server-exit cause=server-vanished wait_rc=139 signal=SEGV verdict=crashed";
/** A client only knows that the connection dropped. */
export const VANISHED = "server-exit cause=server-vanished wait_rc=1 verdict=unknown";
export const ORDERLY = "server-exit cause=signaled-server-gone wait_rc=0 verdict=orderly-exit";
export const SWEPT = "server-exit cause=client-killed-server-gone wait_rc=137 verdict=unknown";
export const UNWITNESSED = "server-exit cause=unwitnessed verdict=unknown";

/** Bob lives and is watched. */
export const WELL: readonly string[] = ["bob, watched"];

/** The processes beside bob on a person's server. */
export const OTHERS: readonly string[] = ["the person's server", "the person's session", "amy, watched"];

/** The records of a server that was killed. */
export function killed(of = ""): Row["expected"] {
  return { parent: { records: [KILLED + of] }, client: { records: [VANISHED + of] } };
}

/** The same with more to expect. */
export function withMore(expected: Row["expected"], more: Expected): Row["expected"] {
  return Object.fromEntries(Object.entries(expected).map(([witness, one]) => [witness, { ...one, ...more }]));
}
