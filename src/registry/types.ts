import type { Intelligence } from "../model/names.ts";

/** A peer with every default filled in. */
export interface Peer {
  readonly personality: string;
  readonly defaultRuntime: string;
  readonly lastActiveRuntime?: string;
  readonly runtimes: readonly string[];
  readonly description: string;
  readonly intelligence: Intelligence;
  /** Its folder. Others have it too only where a person said so. */
  readonly cwd: string;
  /** True: a person made it a manager of the others. */
  readonly isManager: boolean;
  readonly isBeingRemoved: boolean;
  /** The time when its removal began; left out while it is not being removed. */
  readonly removing?: string;
}

/** The registry as it was read once. Pass it on; do not read it again. */
export interface Registry {
  /** Grows by one with every change. */
  readonly revision: number;
  /** In the registry's order: sorted by personality. */
  readonly peers: readonly Peer[];
  /** The peer of a personality; undefined when there is none. */
  readonly find: (personality: string) => Peer | undefined;
  /** The same. Throws IapeerError `peer-not-found`, with the nearest name in its hint. */
  readonly require: (personality: string) => Peer;
  /** Throws IapeerError `revision-conflict` unless the registry has this revision; undefined accepts any. */
  readonly requireRevision: (expected: number | undefined) => void;
  /** The registry without some peers. Nothing is written. */
  readonly without: (personalities: ReadonlySet<string>) => Registry;
  /** Compares the registry with the peers' own cards as they are now, which are right. */
  readonly compareCards: () => readonly Difference[];
}

/** Options of every change of the registry. */
export interface ChangeOptions {
  /** How long to wait for the lock. */
  readonly lockTimeoutMs: number;
  /** Refuse with `revision-conflict` unless the registry still has this revision. */
  readonly ifRevision?: number;
  /** Ends the wait for the lock: `interrupted`, and nothing is changed. */
  readonly signal?: AbortSignal | undefined;
}

/** A peer that is to be registered. A field that is left out is inherited from the folder's card, else from the registry. */
export interface AddRequest {
  readonly personality: string;
  /** Resolved and absolute. */
  readonly cwd: string;
  /** True when a person chose `cwd`. Otherwise a registered peer keeps its own folder. */
  readonly hasOwnFolder: boolean;
  /** True: a person says that the folder may be that of others too. */
  readonly isFolderShared?: boolean;
  readonly runtimes?: readonly string[];
  readonly description?: string;
  readonly intelligence?: Intelligence;
}

/** The result of registerPeer. */
export interface Registered {
  readonly action: "added" | "merged" | "unchanged";
  readonly peer: Peer;
  /** The runtimes that the peer did not have before. */
  readonly newRuntimes: readonly string[];
  readonly revision: number;
  /** The fate of the card of another peer that came with the folder. */
  readonly cardNote?: string;
}

/** The result of one registration among many. */
export type RegisterOutcome = Registered | { readonly action: "failed"; readonly error: unknown };

/** Changes of a peer; what is left out stays. */
export interface UpdateRequest {
  readonly description?: string;
  readonly addRuntimes?: readonly string[];
  readonly removeRuntimes?: readonly string[];
  readonly defaultRuntime?: string;
  readonly intelligence?: Intelligence;
  readonly isManager?: boolean;
}

/** The result of updatePeer and movePeer. */
export interface Updated {
  /** The peer as it is now. */
  readonly peer: Peer;
  readonly isChanged: boolean;
  /** The runtimes that the peer did not have before. */
  readonly newRuntimes: readonly string[];
  readonly revision: number;
  /** The fate of the card of another peer that came with the folder. */
  readonly cardNote?: string;
}

/** Another folder for a peer. */
export interface Move {
  readonly personality: string;
  /** Its new folder, resolved and absolute; made if missing. */
  readonly cwd: string;
  /** True: a person says that it may be the folder of others too. */
  readonly isFolderShared: boolean;
  readonly now: Date;
}

/** One way in which the registry differs from the peers' own cards. */
export interface Difference {
  /** Empty where the registry itself cannot be read. */
  readonly personality: string;
  readonly kind:
    | "registry-unreadable"
    | "card-missing"
    | "card-unreadable"
    | "card-differs"
    | "card-copied"
    | "folder-missing"
    | "not-registered"
    | "folder-of-another";
  readonly message: string;
  /** True when `verify --fix` can mend it. */
  readonly isFixable: boolean;
}

/** The result of verifyRegistry and fixRegistry. */
export interface Verification {
  readonly differences: readonly Difference[];
  /** Where the bad registry was kept, if one was replaced. */
  readonly kept?: string;
  /** How many of the differences were mended. */
  readonly fixed: number;
}
