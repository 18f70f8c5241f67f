import { closeSync, existsSync, openSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { wasWritten } from "../core/disk/atomic-write.ts";
import { makeFolder, writeAll } from "../core/disk/files.ts";
import { lookAt } from "../core/disk/same-folder.ts";
import { cardPath, sharedCardPath } from "../core/layout.ts";
import { IapeerError } from "../model/errors.ts";
import { type CardPlace, describeStranger, findOwnCard } from "./card-place.ts";
import { markRemoved, restoreCard, writeCard } from "./cards.ts";
import { removeEmptyFolders } from "./folders.ts";
import type { RegistryRow } from "./schema.ts";

/** A card that was put into its folder. */
export interface PutCard {
  /** Takes the card, and the folders that were made for it, back. */
  readonly takeBack: () => void;
  /** The fate of the card of another peer that came with the folder; left out where there was none. */
  readonly note?: string;
}

/**
 * Makes a peer's folder and writes its card into its place, which findCardPlace found.
 *
 * @throws IapeerError `write-failed`.
 */
export function putCard(row: RegistryRow, place: CardPlace): PutCard {
  const undo: (() => void)[] = [];
  const takeBack = () => undo.toReversed().forEach((step) => step());
  const made = foldersFor(place.path, row.cwd).filter((folder) => lookAt(folder) === undefined);
  undo.push(() => removeEmptyFolders(made));
  try {
    makeFolder(dirname(place.path));
    if (keepOutOfGit(row.cwd)) undo.push(() => rmSync(ignoreFile(row.cwd), { force: true }));
    keepUnknown(place, row, undo);
    writeCard(row, place.path, place.found);
    undo.push(() => restoreCard(place.path, place.found));
  } catch (error) {
    if (!wasWritten(error)) takeBack();
    throw error;
  }
  const { stranger } = place;
  return { takeBack, ...(stranger !== undefined && { note: describeStranger(stranger, row) }) };
}

/** The folders of a card, the inner ones first, up to the peer's own. */
function foldersFor(path: string, cwd: string): string[] {
  const folders: string[] = [];
  for (let at = dirname(path); at.length > cwd.length; at = dirname(at)) folders.push(at);
  return [...folders, cwd];
}

/** Moves aside the card of a peer that no registry knows: it may be the only one of that peer. */
function keepUnknown({ path, stranger }: CardPlace, { cwd }: RegistryRow, undo: (() => void)[]): void {
  if (stranger === undefined || stranger.cwd !== undefined) return;
  const aside = sharedCardPath(cwd, stranger.personality);
  if (existsSync(aside)) return;
  const made = foldersFor(aside, cwd).filter((folder) => lookAt(folder) === undefined);
  makeFolder(dirname(aside));
  renameSync(path, aside);
  undo.push(() => {
    renameSync(aside, path);
    removeEmptyFolders(made);
  });
}

function ignoreFile(cwd: string): string {
  return join(dirname(cardPath(cwd)), ".gitignore");
}

const IGNORE = "# iapeer's own: a card in a copy is taken for nobody's\n*\n";

/**
 * Keeps `.iapeer/` out of git, so that no clone or checkout has a card. A file that is there stays. It is no reason not to register a
 * peer: a failure leaves nothing, and what stands in its way the card itself will tell. Returns whether it was written.
 */
function keepOutOfGit(cwd: string): boolean {
  const path = ignoreFile(cwd);
  let fd: number;
  try {
    fd = openSync(path, "wx", 0o644);
  } catch {
    // It is there, or cannot be made.
    return false;
  }
  try {
    writeAll(fd, Buffer.from(IGNORE, "utf8"));
    return true;
  } catch {
    // The disk is full.
    rmSync(path, { force: true });
    return false;
  } finally {
    closeSync(fd);
  }
}

/**
 * Writes into the card that its peer was removed; the folder and the rest of the card stay. Nothing happens when the folder is gone
 * or the card cannot be read or written: neither must keep the peer in the registry.
 */
export function markCardRemoved(peer: Pick<RegistryRow, "personality" | "cwd">, now: Date): void {
  try {
    const own = findOwnCard(peer);
    if (own !== undefined) markRemoved(own.path, own.card, now);
  } catch (error) {
    if (!(error instanceof IapeerError)) throw error;
  }
}
