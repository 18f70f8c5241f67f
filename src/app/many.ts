import pMap from "p-map";
import { readApplied } from "../fleet/applied.ts";
import { IapeerError, type ErrorView, toErrorView } from "../model/errors.ts";
import { identityOf } from "../model/names.ts";
import { readRegistry } from "../registry/registry.ts";
import type { AskedIdentity } from "./choose.ts";
import { refuseInterrupted } from "./memory.ts";
import type { App } from "./types.ts";

/** The peers that a call for many is about: every peer of this host, or the agents of one class in the applied fleet. */
export type ManyChoice = { readonly kind: "all" } | { readonly kind: "class"; readonly class: string };

export interface ManyRequest {
  readonly choice: ManyChoice;
  /** Only those that have this runtime. */
  readonly runtime?: string | undefined;
}

/** One session of a call for many. */
export interface ManyTarget extends AskedIdentity {
  readonly runtime: string;
  readonly identity: string;
  /** Another host, as the fleet calls it. */
  readonly host?: string;
}

/**
 * The sessions that a call for many is about: one for each peer, in its default runtime or the one that is named. The caller's own peer and those
 * that are being removed are none of them. A class has the agents of other hosts too.
 *
 * @throws IapeerError `fleet-not-applied`, `agent-not-found`: the fleet has nobody of that class; what readRegistry and readApplied throw.
 */
export function chooseMany(app: App, { choice, runtime }: ManyRequest): ManyTarget[] {
  const caller = app.caller();
  const found = choice.kind === "all" ? listPeers(app, runtime) : listClass(app, choice.class, runtime);
  return found.filter(({ personality, host }) => host !== undefined || caller.kind === "person" || personality !== caller.name);
}

function listPeers({ layout }: App, wanted: string | undefined): ManyTarget[] {
  return readRegistry(layout)
    .peers.filter(({ runtimes, isBeingRemoved }) => !isBeingRemoved && (wanted === undefined || runtimes.includes(wanted)))
    .map(({ personality, defaultRuntime }) => targetOf(personality, wanted ?? defaultRuntime));
}

function listClass({ layout }: App, name: string, wanted: string | undefined): ManyTarget[] {
  const fleet = readApplied(layout);
  if (fleet === undefined)
    throw new IapeerError("fleet-not-applied", "no fleet was ever applied here", { hint: "apply one: iapeer fleet apply" });
  const agents = fleet.agents.filter((agent) => agent.class === name);
  if (agents.length === 0) throw noSuchClass(name, [...new Set(fleet.agents.map((agent) => agent.class))]);
  return agents
    .filter(({ runtime }) => wanted === undefined || runtime === wanted)
    .map(({ name: personality, runtime, remote }) => ({
      ...targetOf(personality, runtime),
      ...(remote !== undefined && { host: remote.host }),
    }));
}

function targetOf(personality: string, runtime: string): ManyTarget {
  return { personality, runtime, identity: identityOf(runtime, personality) };
}

function noSuchClass(name: string, classes: readonly string[]): IapeerError {
  return new IapeerError("agent-not-found", `the fleet that was last applied has no agent of the class ${name}`, {
    hint: classes.length === 0 ? "it has no agents" : `it has: ${classes.toSorted().join(", ")}`,
    details: { class: name },
  });
}

/** How many peers a call is at work on at once. */
const JOBS = 4;

/** One target's end: a value, or the error that it ended with. */
export type ManyEnd<T> =
  | { readonly target: ManyTarget; readonly value: T }
  | { readonly target: ManyTarget; readonly error: ErrorView };

/** Does something for each target, several at once; the ends are in the order of the targets. Those not begun before the signal are `interrupted`. */
export async function forEachTarget<T>(
  targets: readonly ManyTarget[],
  work: (target: ManyTarget) => Promise<T>,
  signal: AbortSignal,
): Promise<ManyEnd<T>[]> {
  const run = async (target: ManyTarget): Promise<ManyEnd<T>> => {
    try {
      refuseInterrupted(signal);
      return { target, value: await work(target) };
    } catch (error) {
      return { target, error: toErrorView(error) };
    }
  };
  return await pMap(targets, run, { concurrency: JOBS });
}
