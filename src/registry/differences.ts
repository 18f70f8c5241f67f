import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import type { Layout } from "../core/layout.ts";
import { errnoOf, ioError, IapeerError } from "../model/errors.ts";
import { findCardPlace, type FolderOf } from "./card-place.ts";
import { readCard } from "./cards.ts";
import { differingFields, findRow, foldersIn, requireRow, withCard, withRow } from "./edits.ts";
import { putCard } from "./put-card.ts";
import { byPersonality, type Card, type RegistryFile, type RegistryRow } from "./schema.ts";
import type { Difference } from "./types.ts";

/** All differences between a registry and the cards of its peers. A card in a default folder without a row is one too. */
export function findDifferences(file: RegistryFile, layout: Layout): Difference[] {
  const folderOf = foldersIn(file);
  const { own, foreign } = findUnregistered(file, layout);
  return [...file.peers.flatMap((row) => compareRow(row, folderOf)), ...own.map(notRegistered), ...foreign.map(copiedFolder)];
}

function compareRow(row: RegistryRow, folderOf: FolderOf): Difference[] {
  if (row.removing !== undefined) return [];
  const { personality, cwd } = row;
  const of = (kind: Difference["kind"], message: string, isFixable: boolean) => [{ personality, kind, message, isFixable }];
  if (!existsSync(cwd)) return of("folder-missing", `its folder ${cwd} is gone`, false);
  const place = orError(() => findCardPlace(row, folderOf));
  if (place instanceof IapeerError)
    return of(place.code === "folder-taken" ? "folder-of-another" : "card-unreadable", place.message, false);
  const { path, card, stranger } = place;
  if (stranger?.cwd !== undefined)
    return of("card-copied", `${path} is a copy of ${stranger.personality}'s card, whose folder is ${stranger.cwd}`, true);
  if (stranger !== undefined)
    return of("folder-of-another", `${path} is the card of ${stranger.personality}, which is not registered`, false);
  if (card === undefined) return of("card-missing", `${path} is missing`, true);
  const fields = differingFields(row, card);
  return fields.length === 0 ? [] : of("card-differs", `registry and card differ in: ${fields.join(", ")}`, true);
}

function orError<T>(read: () => T): T | IapeerError {
  try {
    return read();
  } catch (error) {
    if (error instanceof IapeerError) return error;
    throw error;
  }
}

function notRegistered({ card, folder }: { card: Card; folder: string }): Difference {
  return {
    personality: card.personality,
    kind: "not-registered",
    message: `${folder} has a card but the registry has no such peer`,
    isFixable: true,
  };
}

/** A default folder with the name of another peer than its card: a copy, most likely. Nothing is registered because of it. */
function copiedFolder({ card, folder }: Found): Difference {
  const { personality } = card;
  return {
    personality,
    kind: "card-copied",
    message: `${folder} has the card of ${personality}, which is not registered; if it is its folder: iapeer add ${personality} --cwd ${folder}`,
    isFixable: false,
  };
}

interface Found {
  readonly card: Card;
  readonly folder: string;
}

/**
 * Cards in default folders without a row, but for those of removed peers. `own` are in the folder of their name; `foreign` are others, of
 * peers that have none of their own.
 */
function findUnregistered(file: RegistryFile, layout: Layout): { readonly own: Found[]; readonly foreign: Found[] } {
  const taken = new Set(file.peers.map(({ cwd }) => cwd));
  const found = listFolder(layout.peersFolder)
    .map((name) => join(layout.peersFolder, name))
    .filter((folder) => !taken.has(folder))
    .flatMap((folder): Found[] => {
      const card = orError(() => readCard(folder));
      if (card === undefined || card instanceof IapeerError || card.removed !== undefined) return [];
      return findRow(file, card.personality) === undefined ? [{ card, folder }] : [];
    });
  const own = found.filter(({ card, folder }) => card.personality === basename(folder));
  const names = new Set(own.map(({ card }) => card.personality));
  return { own, foreign: found.filter(({ card }) => !names.has(card.personality)) };
}

function listFolder(path: string): string[] {
  try {
    return readdirSync(path).toSorted();
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return [];
    throw ioError("read-failed", "cannot list", path, error);
  }
}

/** The registry with what the cards say, and with rows for cards that have none; the very same one where nothing differs. */
export function mend(file: RegistryFile, layout: Layout): RegistryFile {
  const folderOf = foldersIn(file);
  let mended = file;
  for (const row of file.peers) {
    if (compareRow(row, folderOf).some(({ kind }) => kind === "card-differs"))
      mended = withRow(mended, withCard(row, findCardPlace(row, folderOf).card));
  }
  for (const { card, folder } of findUnregistered(file, layout).own) {
    mended = withRow(mended, withCard({ personality: card.personality, cwd: folder }, card));
  }
  return mended === file ? file : { ...mended, peers: mended.peers.toSorted(byPersonality) };
}

/** Writes the missing cards, and those in the place of a copy, each from its row. A card that cannot be written stays a difference, with the reason. */
export function writeMissingCards(differences: readonly Difference[], file: RegistryFile): Difference[] {
  return differences.map((difference) => {
    if (!difference.isFixable || (difference.kind !== "card-missing" && difference.kind !== "card-copied")) return difference;
    try {
      const row = requireRow(file, difference.personality);
      putCard(row, findCardPlace(row, foldersIn(file)));
      return difference;
    } catch (error) {
      if (!(error instanceof IapeerError)) throw error;
      return { ...difference, message: error.message, isFixable: false };
    }
  });
}
