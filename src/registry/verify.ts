import { existsSync, linkSync, lstatSync, readdirSync, renameSync } from "node:fs";
import { basename, join } from "node:path";
import { errnoOf, ioError, IapeerError } from "../model/errors.ts";
import { makeFolder } from "../core/disk/files.ts";
import { checkFolder } from "../core/disk/trust.ts";
import { withLock } from "../core/disk/lock.ts";
import { type Layout, profilePath } from "../core/layout.ts";
import { differingFields, findRow, requireRow, withCard, withRow } from "./edits.ts";
import { readCard, writeCard } from "./cards.ts";
import { type Card, type Registry, REGISTRY_VERSION, type Row } from "./schema.ts";
import { type ChangeOptions, readBackup, readRegistry, writeRegistry } from "./store.ts";

/** What differs between the registry and what the peers' own cards say. The card is right. */
export interface Difference {
  readonly personality: string;
  readonly kind:
    | "registry-unreadable"
    | "card-missing"
    | "card-unreadable"
    | "card-differs"
    | "folder-missing"
    | "not-registered"
    | "folder-of-another";
  readonly message: string;
  /** Whether `verify --fix` can mend it. */
  readonly isFixable: boolean;
}

export interface Verification {
  readonly differences: readonly Difference[];
  /** Where the bad registry was kept, if one was replaced. */
  readonly kept?: string;
  readonly fixed: number;
}

/** Compares, and changes nothing. */
export function verifyRegistry(layout: Layout): Verification {
  const reading = tryRead(layout);
  if (reading instanceof IapeerError) return { differences: [unreadable(reading)], fixed: 0 };
  return { differences: findDifferences(layout, reading), fixed: 0 };
}

/** Compares and mends: a registry that cannot be read comes back from its backup and the cards, and the bad file stays beside it. */
export async function fixRegistry(layout: Layout, options: ChangeOptions, now: Date): Promise<Verification> {
  makeFolder(layout.root);
  checkFolder(layout.root, "the root", "registry-insecure");
  return await withLock(layout.registryLock, { timeoutMs: options.lockTimeoutMs }, () => fixLocked(layout, now));
}

function fixLocked(layout: Layout, now: Date): Verification {
  const reading = tryRead(layout);
  const isLost = reading instanceof IapeerError;
  const kept = isLost ? keepBadFile(layout.registry, now) : undefined;
  const backup = isLost ? readBackup(layout) : undefined;
  // A backup that does not read either is written anew below: it may still tell a person something.
  if (isLost && backup === undefined) keepBadFile(layout.registryBackup, now);
  const base = isLost ? (backup ?? emptyRegistry(now)) : reading;
  const found = [...(isLost ? [unreadable(reading)] : []), ...findDifferences(layout, base)];
  const mended = mend(layout, base);
  // The registry first: no single folder may keep it from coming back.
  if (isLost || mended !== base) writeRegistry(layout, { ...mended, revision: base.revision + 1 });
  const differences = writeMissingCards(found, mended);
  return { differences, fixed: differences.filter(({ isFixable }) => isFixable).length, ...(kept !== undefined && { kept }) };
}

/** Its revision is above any that the lost one can have had, so that no old `--if-revision` fits by chance. */
function emptyRegistry(now: Date): Registry {
  return { version: REGISTRY_VERSION, revision: Math.floor(now.getTime() / 1000), peers: [] };
}

function tryRead(layout: Layout): Registry | IapeerError {
  try {
    return readRegistry(layout);
  } catch (error) {
    if (error instanceof IapeerError && error.code === "registry-corrupt") return error;
    throw error;
  }
}

function unreadable(error: IapeerError): Difference {
  return { personality: "", kind: "registry-unreadable", message: error.message, isFixable: true };
}

/** Beside the file, under a name that nothing else uses: the very file, or whatever else stands there. */
function keepBadFile(path: string, now: Date): string | undefined {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return undefined;
  const kept = `${path}.bad-${now.toISOString().replaceAll(":", "")}`;
  try {
    linkOrMove(path, kept);
  } catch (error) {
    throw ioError("write-failed", "cannot keep the bad file as", kept, error);
  }
  return kept;
}

/** A second name costs nothing, whatever the size, and leaves no moment without a registry. A folder can only be moved. */
function linkOrMove(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    if (errnoOf(error) === "EEXIST") throw error;
    renameSync(from, to);
  }
}

function findDifferences(layout: Layout, registry: Registry): Difference[] {
  return [...registry.peers.flatMap(compareRow), ...findUnregistered(layout, registry).map(notRegistered)];
}

function compareRow(row: Row): Difference[] {
  if (row.removing !== undefined) return [];
  const of = (kind: Difference["kind"], message: string, isFixable: boolean) => [
    { personality: row.personality, kind, message, isFixable },
  ];
  if (!existsSync(row.cwd)) return of("folder-missing", `its folder ${row.cwd} is gone`, false);
  const card = readCardOrError(row.cwd);
  if (card instanceof IapeerError) return of("card-unreadable", card.message, false);
  if (card === undefined) return of("card-missing", `${profilePath(row.cwd)} is missing`, true);
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

/** Cards in the default folders that no row and no removal accounts for, one a personality: the one in the folder of its name, if any. */
function findUnregistered(layout: Layout, registry: Registry): Found[] {
  const taken = new Set(registry.peers.map(({ cwd }) => cwd));
  const found = listFolder(layout.peersFolder)
    .map((name) => join(layout.peersFolder, name))
    .filter((folder) => !taken.has(folder))
    .flatMap((folder): Found[] => {
      const card = readCardOrError(folder);
      if (card === undefined || card instanceof IapeerError || card.removed !== undefined) return [];
      return findRow(registry, card.personality) === undefined ? [{ card, folder }] : [];
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

/** The registry as the cards have it. */
function mend(layout: Layout, registry: Registry): Registry {
  let mended = registry;
  for (const row of registry.peers) {
    if (compareRow(row).some(({ kind }) => kind === "card-differs")) mended = withRow(mended, withCard(row, readCard(row.cwd)));
  }
  for (const { card, folder } of findUnregistered(layout, registry)) {
    mended = withRow(mended, withCard({ personality: card.personality, cwd: folder }, card));
  }
  return mended === registry
    ? registry
    : { ...mended, peers: mended.peers.toSorted((a, b) => (a.personality < b.personality ? -1 : 1)) };
}

/** Writes the cards that are missing, each from its row. What cannot be written stays a difference. */
function writeMissingCards(differences: readonly Difference[], registry: Registry): Difference[] {
  return differences.map((difference) => {
    if (difference.kind !== "card-missing") return difference;
    try {
      writeCard(requireRow(registry, difference.personality));
      return difference;
    } catch (error) {
      if (!(error instanceof IapeerError)) throw error;
      return { ...difference, message: error.message, isFixable: false };
    }
  });
}
