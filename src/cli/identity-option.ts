import type { AskedIdentity } from "../app/choose.ts";
import { parsePersonality, parseRuntime } from "../model/names.ts";
import { defineArg } from "./verb.ts";

/** `--runtime` of verbs for one session. */
export const RUNTIME_OPTION = defineArg({
  type: "string",
  valueHint: "runtime",
  description: "one of its runtimes (default: the peer's default one)",
  completes: "runtimes",
});

/** Reads the session that a call names: `<personality> [--runtime R]`. Throws `invalid-name`. */
export function parseAsked(personality: string, runtime: string | undefined): AskedIdentity {
  return { personality: parsePersonality(personality), runtime: runtime === undefined ? undefined : parseRuntime(runtime) };
}
