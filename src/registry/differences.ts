import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { type Layout, cardPath } from "../core/layout.ts";
import { errnoOf, ioError, IapeerError } from "../model/errors.ts";
import { readCard, writeCard } from "./cards.ts";
import { differingFields, findRow, requireRow, withCard, withRow } from "./edits.ts";
import { byPersonality, type Card, type RegistryFile, type RegistryRow } from "./schema.ts";
import type { Difference } from "./types.ts";

/** All differences between a registry and the cards of its peers. A card in a default folder without a row is one too. */
export function findDifferences(file: RegistryFile, layout: Layout): Difference[] {
  return [...file.peers.flatMap(compareRow), ...findUnregistered(file, layout).map(notRegistered)];
}

function compareRow(row: RegistryRow): Difference[] {
  if (row.removing !== undefined) return [];
  const of = (kind: Difference["kind"], message: string, isFixable: boolean) => [
    { personality: row.personality, kind, message, isFixable },
  ];
  if (!existsSync(row.cwd)) return of("folder-missing", `its folder ${row.cwd} is gone`, false);
  const card = readCardOrError(row.cwd);
  if (card instanceof IapeerError) return of("card-unreadable", card.message, false);
  if (card === undefined) return of("card-missing", `${cardPath(row.cwd)} is missing`, true);
  if (card.personality !== row.personality)
    return of("folder-of-another", `the card in ${row.cwd} is ${card.personality}'s`, false);
  const fields = differingFields(row, card);
  return fields.length === 0 ? [] : of("card-differs", `registry and card differ in: ${fields.join(", ")}`, true);
}

function readCardOrError(folder: string): Card | undefined | IapeerError {
  try {
    return readCard(folder);
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

interface Found {
  readonly card: Card;
  readonly folder: string;
}

/** Cards in default folders without a row, but for those of removed peers; one a personality, first that in the folder of its name. */
function findUnregistered(file: RegistryFile, layout: Layout): Found[] {
  const taken = new Set(file.peers.map(({ cwd }) => cwd));
  const found = listFolder(layout.peersFolder)
    .map((name) => join(layout.peersFolder, name))
    .filter((folder) => !taken.has(folder))
    .flatMap((folder): Found[] => {
      const card = readCardOrError(folder);
      if (card === undefined || card instanceof IapeerError || card.removed !== undefined) return [];
      return findRow(file, card.personality) === undefined ? [{ card, folder }] : [];
    });
  const isAtHome = ({ card, folder }: Found) => card.personality === basename(folder);
  const ordered = [...found.filter(isAtHome), ...found.filter((one) => !isAtHome(one))];
  return [...Map.groupBy(ordered, ({ card }) => card.personality).values()].map(([first]) => first!);
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
  let mended = file;
  for (const row of file.peers) {
    if (compareRow(row).some(({ kind }) => kind === "card-differs")) mended = withRow(mended, withCard(row, readCard(row.cwd)));
  }
  for (const { card, folder } of findUnregistered(file, layout)) {
    mended = withRow(mended, withCard({ personality: card.personality, cwd: folder }, card));
  }
  return mended === file ? file : { ...mended, peers: mended.peers.toSorted(byPersonality) };
}

/** Writes the missing cards, each from its row. A card that cannot be written stays a difference, with the reason. */
export function writeMissingCards(differences: readonly Difference[], file: RegistryFile): Difference[] {
  return differences.map((difference) => {
    if (difference.kind !== "card-missing") return difference;
    try {
      writeCard(requireRow(file, difference.personality));
      return difference;
    } catch (error) {
      if (!(error instanceof IapeerError)) throw error;
      return { ...difference, message: error.message, isFixable: false };
    }
  });
}
