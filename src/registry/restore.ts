import { linkSync, lstatSync, renameSync } from "node:fs";
import type { Layout } from "../core/layout.ts";
import { errnoOf, ioError, IapeerError } from "../model/errors.ts";
import { findDifferences, mend, writeMissingCards } from "./differences.ts";
import { REGISTRY_VERSION, type RegistryFile } from "./schema.ts";
import { readBackup, readStored, writeRegistry } from "./store.ts";
import type { Difference, Verification } from "./types.ts";

/**
 * Mends the registry from its cards, and where it cannot be read from its backup and the cards. The caller holds the registry's lock.
 *
 * @throws IapeerError `registry-insecure`, `write-failed`.
 */
export function restoreRegistry(layout: Layout, now: Date): Verification {
  const reading = readIfWhole(layout);
  const isLost = reading instanceof IapeerError;
  const kept = isLost ? keepBadFile(layout.registry, now) : undefined;
  const backup = isLost ? readBackup(layout) : undefined;
  // A backup that cannot be read either is written anew below: a person may still learn something from the old one.
  if (isLost && backup === undefined) keepBadFile(layout.registryBackup, now);
  const base = isLost ? (backup ?? emptyRegistry(now)) : reading;
  const found = [...(isLost ? [unreadableRegistry(reading)] : []), ...findDifferences(base, layout)];
  const mended = mend(base, layout);
  // The registry first: no single folder may keep it from coming back.
  if (isLost || mended !== base) writeRegistry(layout, { ...mended, revision: base.revision + 1 });
  const differences = writeMissingCards(found, mended);
  return { differences, fixed: differences.filter(({ isFixable }) => isFixable).length, ...(kept !== undefined && { kept }) };
}

/** Its revision is higher than any that the lost registry can have had, so that no old `--if-revision` fits by chance. */
function emptyRegistry(now: Date): RegistryFile {
  return { version: REGISTRY_VERSION, revision: Math.floor(now.getTime() / 1000), peers: [] };
}

/** The registry file, or the error of one that is corrupt. */
export function readIfWhole(layout: Layout): RegistryFile | IapeerError {
  try {
    return readStored(layout);
  } catch (error) {
    if (error instanceof IapeerError && error.code === "registry-corrupt") return error;
    throw error;
  }
}

/** The difference of a registry that cannot be read. */
export function unreadableRegistry(error: IapeerError): Difference {
  return { personality: "", kind: "registry-unreadable", message: error.message, isFixable: true };
}

/** Keeps the bad file, or anything else at its path, beside it under a name that nothing else uses. */
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

/** A second name costs nothing, and there is no moment without a registry. A folder can only be moved. */
function linkOrMove(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    if (errnoOf(error) === "EEXIST") throw error;
    renameSync(from, to);
  }
}
