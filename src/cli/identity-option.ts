import { IapeerError } from "../model/errors.ts";
import { identityOf, parsePersonality, parseRuntime } from "../model/names.ts";
import type { Layout } from "../core/layout.ts";
import { remoteProgram } from "../launch/ssh.ts";
import { readRegistry } from "../registry/registry.ts";
import type { Peer } from "../registry/types.ts";
import type { Context } from "../app/app.ts";
import { defineArg, type Verb } from "./verb.ts";
import type * as Applied from "../fleet/applied.ts";

/** `--runtime R` of verbs that are about one session. */
export const RUNTIME_OPTION = defineArg({
  type: "string",
  valueHint: "runtime",
  description: "which of its runtimes (default: the peer's default one)",
  completes: "runtimes",
});

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
export function chooseIdentity(verb: Verb, typed: TypedIdentity, { layout, env }: Context): ChosenIdentity {
  const personality = parsePersonality(typed.personality);
  const named = typed.runtime === undefined ? undefined : parseRuntime(typed.runtime);
  const registry = readRegistry(layout);
  if (registry.find(personality) === undefined) refuseRemoteAgent(verb, personality, { layout, env });
  const peer = registry.require(personality);
  const runtime = named ?? peer.defaultRuntime;
  if (!peer.runtimes.includes(runtime)) throw runtimeNotFound(verb, peer, runtime);
  return { peer, runtime, identity: identityOf(runtime, personality) };
}

/** Of an agent of another host: which command there is the one that was meant. */
function refuseRemoteAgent(verb: Verb, personality: string, { layout, env }: Pick<Context, "layout" | "env">): void {
  const remote = findRemote(personality, layout);
  if (remote === undefined) return;
  const ssh = NEEDS_TERMINAL.has(verb.meta.name) ? "ssh -t" : "ssh";
  throw new IapeerError("peer-not-found", `${personality} is no peer of this host: the fleet has it on ${remote.host}`, {
    hint: `${ssh} ${remote.ssh} ${remoteProgram(env)} ${verb.meta.name} ${personality}`,
    details: { personality, host: remote.host },
  });
}

function findRemote(personality: string, layout: Layout) {
  // Most calls name a peer that is there, and need none of this.
  const { readApplied } = require("../fleet/applied.ts") as typeof Applied;
  try {
    return readApplied(layout)?.agents.find(({ name }) => name === personality)?.remote;
  } catch (error) {
    // That no peer has this name is true all the same.
    if (error instanceof IapeerError) return undefined;
    throw error;
  }
}

/** What takes over the terminal. */
const NEEDS_TERMINAL: ReadonlySet<string> = new Set(["attach", "watch"]);

function runtimeNotFound(verb: Verb, { personality, runtimes }: Peer, runtime: string): IapeerError {
  return new IapeerError("runtime-not-found", `${personality} has no runtime ${runtime}`, {
    hint: `it has: ${runtimes.join(", ")}; so: iapeer ${verb.meta.name} ${personality} --runtime ${runtimes[0]}`,
    details: { personality, runtime },
  });
}
