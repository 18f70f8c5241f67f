import type { PeerChoice } from "../app/choose.ts";
import { parsePersonality } from "../model/names.ts";
import { usage } from "./strict.ts";
import type { Verb } from "./verb.ts";

/** Reads `--peer P | --all`. Throws `usage` where it is not exactly one of them, `invalid-name`. */
export function parseTargets(verb: Verb, { peer, all }: { peer?: string; all: boolean }): PeerChoice {
  if ((peer === undefined) !== all) throw usage(verb, `${verb.meta.name} takes either --peer P or --all`);
  return peer === undefined ? { kind: "all" } : { kind: "peer", personality: parsePersonality(peer) };
}
