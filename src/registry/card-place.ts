import { lstatSync } from "node:fs";
import { dirname } from "node:path";
import { isSameFolder, lookAt } from "../core/disk/same-folder.ts";
import { cardPath, sharedCardPath } from "../core/layout.ts";
import { IapeerError } from "../model/errors.ts";
import { readCardAt } from "./cards.ts";
import { folderTaken } from "./folders.ts";
import type { Card, RegistryRow } from "./schema.ts";

/** The folder that a peer is registered with; undefined for one that is not registered. */
export type FolderOf = (personality: string) => string | undefined;

type Place = Pick<RegistryRow, "personality" | "cwd">;

/** The card of another peer in the place of one's own. */
export interface Stranger {
  readonly personality: string;
  /** The folder that it is registered with; undefined: the registry does not know it. */
  readonly cwd?: string;
}

/** Where a peer's card is, or belongs. */
export interface CardPlace {
  readonly path: string;
  /** Its own card; undefined: it has none there. */
  readonly card?: Card;
  /** The card at that path now, whoever's it is. */
  readonly found?: Card;
  /** A card that came with the folder, as in a copy or a checkout: the owner is elsewhere, or unknown. */
  readonly stranger?: Stranger;
}

/**
 * Finds the place of a peer's card. A folder's first peer has the card of the folder; each further one has a place of its own beside it. A
 * card of another peer is compared with where that one is registered.
 *
 * @throws IapeerError `folder-taken`: the folder was moved away from a registered peer, with its card; `profile-corrupt`.
 */
export function findCardPlace({ personality, cwd }: Place, folderOf: FolderOf): CardPlace {
  const beside = findSharedCard({ personality, cwd });
  if (beside !== undefined) return { ...beside, found: beside.card };
  const path = cardPath(cwd);
  const found = readCardAt(path);
  if (found === undefined) return { path };
  if (found.personality === personality) return { path, card: found, found };
  if (found.removed !== undefined) return { path, found };
  const owner = found.personality;
  const home = folderOf(owner);
  // Behind a link the card is no copy: a card written there would be written into another folder.
  if (lstatSync(dirname(path)).isSymbolicLink()) throw linkedState(cwd, owner);
  if (home === undefined) return { path, found, stranger: { personality: owner } };
  if (isSameFolder(home, cwd)) return { path: sharedCardPath(cwd, personality) };
  if (!isAt(owner, home)) throw movedFolder(cwd, { personality: owner, cwd: home });
  return { path, found, stranger: { personality: owner, cwd: home } };
}

/** A card, and its path. */
interface PlacedCard {
  readonly path: string;
  readonly card: Card;
}

/** A peer's own card in a folder, also that of a removed peer; undefined where there is none. Throws IapeerError `profile-corrupt`. */
export function findOwnCard(peer: Place): PlacedCard | undefined {
  return findSharedCard(peer) ?? ownCardAt(cardPath(peer.cwd), peer);
}

function findSharedCard(peer: Place): PlacedCard | undefined {
  return ownCardAt(sharedCardPath(peer.cwd, peer.personality), peer);
}

function ownCardAt(path: string, { personality }: Place): PlacedCard | undefined {
  const card = readCardAt(path);
  return card?.personality === personality ? { path, card } : undefined;
}

/** Returns whether the original of a card is where its owner is registered. A card that cannot be read is one. */
function isAt(personality: string, cwd: string): boolean {
  if (lookAt(cwd) === undefined) return false;
  try {
    return findOwnCard({ personality, cwd }) !== undefined;
  } catch (error) {
    if (error instanceof IapeerError) return true;
    throw error;
  }
}

function linkedState(cwd: string, personality: string): IapeerError {
  const link = dirname(cardPath(cwd));
  return folderTaken(cwd, personality, {
    why: `has the card of ${personality} behind the link ${link}`,
    hint: `take the link away: rm ${link}`,
  });
}

function movedFolder(cwd: string, owner: Place): IapeerError {
  return folderTaken(cwd, owner.personality, {
    why: `has the card of ${owner.personality}, which is no longer in its own folder ${owner.cwd}`,
    hint: `if it was moved here, move it back, or: iapeer remove ${owner.personality}`,
  });
}

/** Says what became of a card that came with a folder. */
export function describeStranger({ personality: owner, cwd: home }: Stranger, { personality, cwd }: Place): string {
  const from =
    home === undefined
      ? `of ${owner}, which is no peer of this registry; it is kept as ${sharedCardPath(cwd, owner)}`
      : `a copy of ${owner}'s, whose folder is ${home}`;
  return `the card in ${cwd} came with the folder and was ${from}; the folder is ${personality}'s now`;
}
