import type { Layout } from "../core/layout.ts";
import type * as Applied from "../fleet/applied.ts";
import { remoteProgram } from "../launch/ssh.ts";
import type { Agent } from "../model/agent.ts";
import { IapeerError } from "../model/errors.ts";
import { identityOf } from "../model/names.ts";
import { readRegistry } from "../registry/registry.ts";
import type { Peer } from "../registry/types.ts";
import type { App } from "./types.ts";

/** The session that a call is about, as its caller names it. Both names are checked. */
export interface AskedIdentity {
  readonly personality: string;
  /** Default: the peer's default runtime. */
  readonly runtime?: string | undefined;
}

export interface ChosenIdentity {
  readonly peer: Peer;
  readonly runtime: string;
  /** `<runtime>-<personality>` */
  readonly identity: string;
}

/**
 * The registered peer and the runtime that a call is about.
 *
 * @param command the command that asks, which the errors' hints name: "canary arm"
 * @throws IapeerError `peer-not-found`, `runtime-not-found`, and what readRegistry throws.
 */
export function chooseIdentity(app: Pick<App, "layout" | "env">, asked: AskedIdentity, command: string): ChosenIdentity {
  const { personality } = asked;
  const registry = readRegistry(app.layout);
  if (registry.find(personality) === undefined) refuseRemoteAgent(app, personality, command);
  const peer = registry.require(personality);
  const runtime = asked.runtime ?? peer.defaultRuntime;
  if (!peer.runtimes.includes(runtime)) throw runtimeNotFound(peer, runtime, command);
  return { peer, runtime, identity: identityOf(runtime, personality) };
}

/** These take over the terminal, which ssh must then make. */
const NEED_TERMINAL: ReadonlySet<string> = new Set(["attach", "watch"]);

/** An agent of another host: its error names the command that reaches it there. */
function refuseRemoteAgent({ layout, env }: Pick<App, "layout" | "env">, personality: string, command: string): void {
  const remote = findRemoteAgent(personality, layout)?.remote;
  if (remote === undefined) return;
  const ssh = NEED_TERMINAL.has(command) ? "ssh -t" : "ssh";
  throw new IapeerError("peer-not-found", `${personality} is no peer of this host: the fleet has it on ${remote.host}`, {
    hint: `${ssh} ${remote.ssh} ${remoteProgram(env)} ${command} ${personality}`,
    details: { personality, host: remote.host },
  });
}

/** The agent of another host that the applied fleet has by this name; undefined where there is none, or no applied fleet that reads. */
export function findRemoteAgent(personality: string, layout: Layout): Agent | undefined {
  // Most calls name a registered peer and need none of this.
  const { readApplied } = require("../fleet/applied.ts") as typeof Applied;
  try {
    return readApplied(layout)?.agents.find(({ name, remote }) => name === personality && remote !== undefined);
  } catch (error) {
    // It is true all the same that no peer has this name.
    if (error instanceof IapeerError) return undefined;
    throw error;
  }
}

function runtimeNotFound({ personality, runtimes }: Peer, runtime: string, command: string): IapeerError {
  return new IapeerError("runtime-not-found", `${personality} has no runtime ${runtime}`, {
    hint: `it has: ${runtimes.join(", ")}; so: iapeer ${command} ${personality} --runtime ${runtimes[0]}`,
    details: { personality, runtime },
  });
}

/** Which peers a call is about: one, or every peer. */
export type PeerChoice = { readonly kind: "peer"; readonly personality: string } | { readonly kind: "all" };

/** The peers that a call is about, and every peer; both in registry order. */
export interface Targets {
  readonly targets: readonly Peer[];
  readonly all: readonly Peer[];
}

/** @throws IapeerError `peer-not-found`, and what readRegistry throws. */
export function chooseTargets({ layout }: Pick<App, "layout">, choice: PeerChoice): Targets {
  const registry = readRegistry(layout);
  const all = registry.peers;
  return { all, targets: choice.kind === "all" ? all : [registry.require(choice.personality)] };
}

/** `peer-being-removed` for a peer whose removal has begun. */
export function refuseLeaving({ personality, isBeingRemoved }: Pick<Peer, "personality" | "isBeingRemoved">): void {
  if (!isBeingRemoved) return;
  throw new IapeerError("peer-being-removed", `${personality} is being removed`, {
    hint: `let it finish: iapeer remove ${personality}`,
  });
}

/** Every identity of the registry, in its order. */
export function registeredIdentities({ layout }: Pick<App, "layout">): string[] {
  return readRegistry(layout).peers.flatMap(({ personality, runtimes }) =>
    runtimes.map((runtime) => identityOf(runtime, personality)),
  );
}
