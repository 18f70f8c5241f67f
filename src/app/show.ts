import type { Layout } from "../core/layout.ts";
import { type ErrorView, IapeerError, toErrorView } from "../model/errors.ts";
import { identityOf } from "../model/names.ts";
import { readMemory } from "../provision/memory-state.ts";
import type { RuntimeMemory } from "../provision/types.ts";
import type { Agent } from "../model/agent.ts";
import { readRegistry } from "../registry/registry.ts";
import type { Peer } from "../registry/types.ts";
import { readBeat } from "../status/beat.ts";
import type { Death } from "../status/deaths/types.ts";
import { readLastDeath } from "../status/deaths/deaths.ts";
import { findMisplaced } from "../status/state-places.ts";
import { observeServer, readStatuses } from "../status/liveness/liveness.ts";
import { readSlot } from "../status/slot/slot.ts";
import { findRemoteAgent } from "./choose.ts";
import { type PeerJson, toPeerJson } from "./peer-json.ts";
import type { App } from "./types.ts";

/** As `show --json` prints it. */
export interface PeerDetails extends PeerJson {
  readonly being_removed: boolean;
  /** A row for each agentic runtime. */
  readonly provision: readonly RuntimeMemory[];
  /** null: exits.log has none of this peer, or cannot be trusted. */
  readonly last_death: Death | null;
  /** There: why nobody can tell whether the peer ever died. */
  readonly last_death_unknown?: ErrorView;
  /** A row for each runtime that ever gave a heartbeat; left out where none did. */
  readonly heartbeats?: readonly { readonly runtime: string; readonly age_secs: number }[];
  /** A row for each live session; left out where there is none. */
  readonly sessions?: readonly { readonly runtime: string; readonly incarnation: string; readonly launched_at: string }[];
}

/** An agent that the applied fleet has on another host, as `show --json` prints it. Nobody looked at it. */
export interface RemoteDetails {
  readonly personality: string;
  readonly default_runtime: string;
  readonly runtimes: readonly { readonly runtime: string; readonly status: "remote" }[];
  readonly class: string;
  readonly host: string;
  /** The ssh destination of its host. */
  readonly ssh: string;
  readonly socket?: string;
  readonly model_hint?: string;
  /** As the fleet file has it; null: the file says none. */
  readonly cwd: string | null;
}

/**
 * Everything about one peer, or about an agent that the applied fleet has on another host.
 *
 * @throws IapeerError `peer-not-found`, and what readRegistry throws.
 */
export async function showPeer(
  app: App,
  { personality }: { readonly personality: string },
): Promise<PeerDetails | RemoteDetails> {
  const registry = readRegistry(app.layout);
  const remote = registry.find(personality) === undefined ? findRemoteAgent(personality, app.layout) : undefined;
  return remote === undefined ? describePeer(app, registry.require(personality)) : describeRemote(remote);
}

function describeRemote({ name, class: agentClass, runtime, modelHint, workingDirectory, remote }: Agent): RemoteDetails {
  return {
    personality: name,
    default_runtime: runtime,
    runtimes: [{ runtime, status: "remote" }],
    class: agentClass,
    ...remote!,
    ...(modelHint !== undefined && { model_hint: modelHint }),
    cwd: workingDirectory ?? null,
  };
}

function describePeer(app: App, peer: Peer): PeerDetails {
  const { layout, now } = app;
  const { personality } = peer;
  const { slot } = readSlot(layout);
  const heartbeats = peer.runtimes.flatMap((runtime) => {
    const beat = readBeat(layout, identityOf(runtime, personality), now());
    return beat === undefined ? [] : [{ runtime, age_secs: beat.ageSecs }];
  });
  const sessions = findSessions(app, peer);
  const identities = peer.runtimes.map((runtime) => identityOf(runtime, personality));
  for (const { message } of identities.flatMap((identity) => findMisplaced(layout, identity))) app.tell.warn(message);
  return {
    ...toPeerJson(peer, readStatuses(layout)),
    being_removed: peer.isBeingRemoved,
    provision: readMemory(layout, peer, slot),
    ...findLastDeath(layout, identities),
    ...(heartbeats.length > 0 && { heartbeats }),
    ...(sessions.length > 0 && { sessions }),
  };
}

function findLastDeath(layout: Layout, identities: readonly string[]): Pick<PeerDetails, "last_death" | "last_death_unknown"> {
  try {
    return { last_death: readLastDeath(layout, identities) ?? null };
  } catch (error) {
    if (error instanceof IapeerError) return { last_death: null, last_death_unknown: toErrorView(error) };
    throw error;
  }
}

function findSessions({ layout }: App, { personality, runtimes }: Peer): NonNullable<PeerDetails["sessions"]> {
  return runtimes.flatMap((runtime) => {
    const state = observeServer(layout, identityOf(runtime, personality));
    if (state.kind !== "ours") return [];
    const { incarnation, launched_at: launchedAt } = state.incarnation;
    return [{ runtime, incarnation, launched_at: launchedAt }];
  });
}
