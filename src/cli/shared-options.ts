import type { ManyChoice } from "../app/many.ts";
import { isClass } from "../model/agent.ts";
import { DESCRIPTION_LIMIT, isIncarnation } from "../model/names.ts";
import { parseCount } from "./count.ts";
import { usage } from "./strict.ts";
import { defineArg, type Verb } from "./verb.ts";

// Options that several verbs have, worded once.

export const IF_REVISION = defineArg({
  type: "string",
  valueHint: "n",
  description: "refuse when the registry has another revision",
});

export const IF_APPLIED = defineArg({
  type: "string",
  valueHint: "n",
  description: "refuse when another revision of the fleet was applied",
});

export const IF_INCARNATION = defineArg({
  type: "string",
  valueHint: "uuid",
  description: "refuse when the session is another incarnation",
});

export const DRY_RUN = defineArg({ type: "boolean", description: "print what would be done, and change nothing" });

export const SHARED_FOLDER = defineArg({ type: "boolean", description: "its folder may be that of other peers too" });

export const INTELLIGENCE = defineArg({
  type: "enum",
  description: "an agent, a person, or nobody stands behind it",
  options: ["artificial", "natural", "absent"],
});

export const DESCRIPTION = defineArg({
  type: "string",
  valueHint: "text",
  description: `its purpose, up to ${DESCRIPTION_LIMIT} characters`,
  mayBeEmpty: true,
});

export const PROVISION = defineArg({
  type: "boolean",
  default: true,
  description: "run the memory provider's command",
  negativeDescription: "run no provider command",
});

export const ONE_PEER = defineArg({ type: "string", valueHint: "peer", description: "one peer", completes: "peers" });

export const ALL_PEERS = defineArg({ type: "boolean", description: "every peer" });

export const CLASS_OF_PEERS = defineArg({
  type: "string",
  valueHint: "class",
  description: "every agent of this class in the applied fleet",
});

/** Reads `--all | --class C`; undefined where neither is given. Throws `usage`. */
export function parseMany(verb: Verb, { all, class: its }: { all: boolean; class?: string }): ManyChoice | undefined {
  if (all && its !== undefined) throw usage(verb, `${verb.meta.name} takes --all or --class, not both`);
  if (its === undefined) return all ? { kind: "all" } : undefined;
  if (isClass(its)) return { kind: "class", class: its };
  throw usage(verb, `--class takes a class as the fleet file has it, not ${JSON.stringify(its)}`);
}

/** Reads the value of `--if-incarnation`. Throws `usage`. */
export function parseIncarnation(verb: Verb, incarnation: string | undefined): string | undefined {
  if (incarnation === undefined || isIncarnation(incarnation)) return incarnation;
  throw usage(verb, `--if-incarnation takes the UUID of an incarnation, not ${JSON.stringify(incarnation)}`);
}

/** Reads the value of `--if-revision`. Throws `usage`. */
export function parseRevision(verb: Verb, revision: string | undefined): number | undefined {
  return parseCount(verb, "if-revision", revision, { min: 0, max: Number.MAX_SAFE_INTEGER });
}
