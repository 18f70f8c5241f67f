import { IapeerError } from "../core/errors.ts";
import { identityOf, parsePersonality, parseRuntime } from "../core/names.ts";
import { requireRow } from "../registry/edits.ts";
import { type Peer, toPeer } from "../registry/schema.ts";
import { readRegistry } from "../registry/store.ts";
import type { Context } from "./context.ts";
import type { OptionSpec, Verb } from "./verb.ts";

/** `--runtime R` of verbs that are about one session. */
export const RUNTIME_OPTION = {
  type: "string",
  value: "R",
  help: "which of its runtimes (default: the peer's default one)",
  completes: "runtimes",
} as const satisfies OptionSpec;

/** What a person typed. */
export interface TypedIdentity {
  readonly personality: string;
  readonly runtime?: string | undefined;
}

export interface ChosenIdentity {
  readonly peer: Peer;
  readonly runtime: string;
  /** `<runtime>-<personality>` */
  readonly identity: string;
}

/**
 * The registered peer and the runtime that a call is about: the one it names, else the peer's default one.
 *
 * @throws IapeerError `invalid-name`, `peer-not-found`, `runtime-not-found`.
 */
export function chooseIdentity(verb: Verb, typed: TypedIdentity, { layout }: Context): ChosenIdentity {
  const personality = parsePersonality(typed.personality);
  const named = typed.runtime === undefined ? undefined : parseRuntime(typed.runtime);
  const peer = toPeer(requireRow(readRegistry(layout), personality));
  const runtime = named ?? peer.defaultRuntime;
  if (!peer.runtimes.includes(runtime)) throw runtimeNotFound(verb, peer, runtime);
  return { peer, runtime, identity: identityOf(runtime, personality) };
}

function runtimeNotFound(verb: Verb, { personality, runtimes }: Peer, runtime: string): IapeerError {
  return new IapeerError("runtime-not-found", `${personality} has no runtime ${runtime}`, {
    hint: `it has: ${runtimes.join(", ")}; so: iapeer ${verb.name} ${personality} --runtime ${runtimes[0]}`,
    details: { personality, runtime },
  });
}
