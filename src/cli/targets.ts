import { IapeerError } from "../model/errors.ts";
import { parsePersonality } from "../model/names.ts";
import { readRegistry } from "../registry/registry.ts";
import type { Peer } from "../registry/types.ts";
import { usage } from "./strict.ts";
import type { Context } from "../app/app.ts";
import type { Verb } from "./verb.ts";

/** The peers that a call is about, and all there are; both in registry order. */
export interface Targets {
  readonly targets: readonly Peer[];
  readonly all: readonly Peer[];
}

/** Those that memory may be attached to: not to one whose removal has begun. Throws `peer-being-removed` for a single one. */
export function withoutLeaving({ targets, all }: Targets, isSingle: boolean): Targets {
  if (isSingle) targets.filter(({ isBeingRemoved }) => isBeingRemoved).forEach(({ personality }) => refuseLeaving(personality));
  return { all, targets: targets.filter(({ isBeingRemoved }) => !isBeingRemoved) };
}

/** `peer-being-removed`. */
export function refuseLeaving(personality: string): never {
  throw new IapeerError("peer-being-removed", `${personality} is being removed`, {
    hint: `let it finish: iapeer remove ${personality}`,
  });
}

/** Reads `--peer P | --all`. Throws `usage` where it is not exactly one of them, `peer-not-found`. */
export function chooseTargets(verb: Verb, { peer, all }: { peer?: string; all?: boolean }, { layout }: Context): Targets {
  if ((peer === undefined) === (all === undefined)) throw usage(verb, `${verb.meta.name} takes either --peer P or --all`);
  const personality = peer === undefined ? undefined : parsePersonality(peer);
  const registry = readRegistry(layout);
  if (personality !== undefined) registry.require(personality);
  const peers = registry.peers;
  return { all: peers, targets: peers.filter((one) => personality === undefined || one.personality === personality) };
}
