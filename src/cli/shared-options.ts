import type { ChangeOptions } from "../registry/types.ts";
import { DESCRIPTION_LIMIT } from "../model/names.ts";
import { parseCount } from "./call.ts";
import type { Context } from "../app/app.ts";
import type { OptionSpec, Verb } from "./verb.ts";

/** Options that several verbs have, worded once. */
export const IF_REVISION = {
  type: "string",
  value: "N",
  help: "refuse unless the registry is still at this revision",
} as const satisfies OptionSpec;

export const INTELLIGENCE = {
  type: "string",
  value: "I",
  help: "what stands behind it",
  choices: ["artificial", "natural", "absent"],
} as const satisfies OptionSpec;

export const DESCRIPTION = {
  type: "string",
  value: "T",
  help: `what it is for, up to ${DESCRIPTION_LIMIT} characters`,
  mayBeEmpty: true,
} as const satisfies OptionSpec;

export const ONE_PEER = { type: "string", value: "P", help: "one peer", completes: "peers" } as const satisfies OptionSpec;

export const ALL_PEERS = { type: "boolean", help: "every peer" } as const satisfies OptionSpec;

/** How a call that may have `--if-revision` changes the registry. */
export function changeOptionsFrom(verb: Verb, revision: string | undefined, { lockTimeoutMs }: Context): ChangeOptions {
  const ifRevision = parseCount(verb, "if-revision", revision, { min: 0, max: Number.MAX_SAFE_INTEGER });
  return { lockTimeoutMs, ...(ifRevision !== undefined && { ifRevision }) };
}
