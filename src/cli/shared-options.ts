import type { OptionSpec } from "./verb.ts";

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

export const ONE_PEER = { type: "string", value: "P", help: "one peer", completes: "peers" } as const satisfies OptionSpec;

export const ALL_PEERS = { type: "boolean", help: "every peer" } as const satisfies OptionSpec;

/** What a revision may be. */
export const REVISIONS = { min: 0, max: Number.MAX_SAFE_INTEGER };
