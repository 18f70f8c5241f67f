import { join } from "node:path";
import { logDecision } from "../core/host.ts";
import type { Intelligence } from "../model/names.ts";
import { registerPeer } from "../registry/registry.ts";
import type { Registered } from "../registry/types.ts";
import { readStatuses } from "../status/liveness/liveness.ts";
import { authorize } from "./authority.ts";
import { fitDescription } from "./description.ts";
import { giveBirth, type MemoryOutcome } from "./memory.ts";
import { type PeerJson, toPeerJson } from "./peer-json.ts";
import type { App } from "./types.ts";

/** A field that is left out is inherited from the peer that is there, else from the folder's card; else it has its default. */
export interface NewPeer {
  readonly personality: string;
  /** Absolute. Default: `<root>/peers/<personality>`. */
  readonly cwd?: string | undefined;
  /** True: a person says that the folder may be that of others too. */
  readonly isFolderShared?: boolean | undefined;
  readonly runtimes?: readonly string[] | undefined;
  readonly description?: string | undefined;
  readonly intelligence?: Intelligence | undefined;
  /** True: the provider's command runs for the new runtimes. */
  readonly isProvisioned: boolean;
  /** Refuse unless the registry is at this revision. */
  readonly ifRevision?: number | undefined;
}

/** As `add --json` prints it. */
export interface AddedPeer {
  readonly action: Registered["action"];
  readonly peer: PeerJson;
  readonly outcomes: readonly MemoryOutcome[];
  /** The registry's, after this call. */
  readonly revision: number;
}

/**
 * Registers a peer, or merges into the one that is there, and gives its new runtimes the host's memory. The signal ends a provider's
 * command; the peer stays registered then.
 *
 * @throws IapeerError `not-authorized`; `interrupted`: nothing was done; `invalid-value`, and what registerPeer throws.
 */
export async function addPeer(app: App, request: NewPeer, signal: AbortSignal): Promise<AddedPeer> {
  authorize(app, "add", request.personality);
  const { layout, lockTimeoutMs } = app;
  const { personality, cwd: folder, runtimes, description, intelligence, ifRevision } = request;
  const change = { lockTimeoutMs, signal, ...(ifRevision !== undefined && { ifRevision }) };
  const { action, peer, newRuntimes, revision, cardNote } = await registerPeer(layout, change, {
    personality,
    cwd: folder ?? join(layout.peersFolder, personality),
    hasOwnFolder: folder !== undefined,
    isFolderShared: request.isFolderShared ?? false,
    ...(runtimes !== undefined && { runtimes }),
    ...(description !== undefined && { description: fitDescription(app, description) }),
    ...(intelligence !== undefined && { intelligence }),
  });
  if (cardNote !== undefined) app.tell.note(cardNote);
  if (action !== "unchanged")
    logDecision(app, { ev: "add", personality, action, runtimes: peer.runtimes.join(","), cwd: peer.cwd, revision });
  const outcomes = request.isProvisioned ? await giveBirth(app, { peer, runtimes: newRuntimes }, signal) : [];
  return { action, peer: toPeerJson(peer, readStatuses(layout)), outcomes, revision };
}
