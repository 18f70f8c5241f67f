import { statSync } from "node:fs";
import { wasWritten, writeTogether } from "../core/disk/atomic-write.ts";
import { IapeerError } from "../model/errors.ts";
import { makeFolder } from "../core/disk/files.ts";
import { goodState, readState, renderState, type StateFile, stateOf } from "../core/disk/state-file.ts";
import { checkFolder } from "../core/disk/trust.ts";
import { withLock } from "../core/disk/lock.ts";
import type { Layout } from "../core/layout.ts";
import { byPersonality, checkRegistry, type RegistryFile, REGISTRY_VERSION } from "./schema.ts";
import type { ChangeOptions } from "./types.ts";

const MAX_BYTES = 64 * 1024 * 1024;

const registryFile: StateFile<RegistryFile> = {
  what: "the registry",
  maxBytes: MAX_BYTES,
  unreadable: "registry-corrupt",
  insecure: "registry-insecure",
  check: checkRegistry,
  explain: corruptFile,
};
const backupFile: StateFile<RegistryFile> = { ...registryFile, what: "the registry's backup" };

/**
 * The registry file. A missing file is an empty registry, unless the backup holds peers.
 *
 * @throws IapeerError `registry-corrupt`, `registry-insecure` (exit 5); the file stays as it is.
 */
export function readStored(layout: Layout): RegistryFile {
  checkFolder(layout.root, "the root", "registry-insecure");
  const file = readFileAt(layout.registry, registryFile);
  if (file !== undefined) return file;
  const backup = readState(layout.registryBackup, backupFile);
  // Nobody knows what the folder or the link in its place hides.
  if (backup.kind === "misplaced") throw backup.error;
  const lost = goodState(backup);
  if (lost !== undefined && lost.peers.length > 0) {
    throw corruptFile(layout.registry, `is gone, but its backup holds ${lost.peers.length} peers`);
  }
  return { version: REGISTRY_VERSION, revision: 0, peers: [] };
}

/** Tells the file at a path from every other one that was ever there; undefined when there is none. */
export function describePlace(path: string): string | undefined {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found && `${found.dev} ${found.ino} ${found.size} ${found.mtimeNs} ${found.ctimeNs}`;
}

/** The backup, which is the last registry that was written; undefined when there is none that can be read. */
export function readBackup(layout: Layout): RegistryFile | undefined {
  try {
    return readFileAt(layout.registryBackup, backupFile);
  } catch (error) {
    if (error instanceof IapeerError) return undefined;
    throw error;
  }
}

/** The registry in a file. Something that is no regular file, or too large, is corrupt too: the error names the backup. */
function readFileAt(path: string, file: StateFile<RegistryFile>): RegistryFile | undefined {
  const reading = readState(path, file);
  const isBroken = reading.kind === "misplaced" || reading.kind === "unreadable";
  if (!isBroken || reading.error.code !== "registry-corrupt") return stateOf(reading);
  const { code, message } = reading.error;
  throw new IapeerError(code, message, { ...corruptOptions(path), cause: reading.error });
}

function corruptFile(path: string, why: string): IapeerError {
  return new IapeerError("registry-corrupt", `the registry ${path} ${why}`, corruptOptions(path));
}

function corruptOptions(path: string): { hint: string; details: { path: string; backup: string } } {
  return {
    hint: `nothing was changed; the last good one is ${path}.bak; to restore it: iapeer verify --fix`,
    details: { path, backup: `${path}.bak` },
  };
}

/** Puts something on disk before the registry is written. It returns a function that takes it back, for a registry that cannot be written. */
export type Preparation = () => () => void;

/**
 * Reads, edits and writes the registry under its lock, so that no change of another process is lost. An edit that returns what it was
 * given writes nothing. An edit must be quick: every other change waits for it.
 *
 * @throws IapeerError `lock-busy`, `interrupted`, `revision-conflict`, `registry-corrupt`, `write-failed`, or what the edit throws.
 */
export async function changeRegistry(
  layout: Layout,
  options: ChangeOptions,
  edit: (file: RegistryFile) => RegistryFile,
  prepare?: Preparation,
): Promise<RegistryFile> {
  makeFolder(layout.root);
  checkFolder(layout.root, "the root", "registry-insecure");
  return await withLock(layout.registryLock, { timeoutMs: options.lockTimeoutMs, signal: options.signal }, () => {
    const current = readStored(layout);
    refuseOtherRevision(current.revision, options.ifRevision);
    const edited = edit(current);
    const takeBack = prepare?.();
    if (edited === current) return current;
    try {
      return writeNext(layout, current, edited);
    } catch (error) {
      if (!wasWritten(error)) takeBack?.();
      throw error;
    }
  });
}

/** Throws IapeerError `revision-conflict` unless a revision is the expected one; undefined accepts any. */
export function refuseOtherRevision(revision: number, expected: number | undefined): void {
  if (expected === undefined || expected === revision) return;
  throw new IapeerError("revision-conflict", `the registry is at revision ${revision}, not ${expected}`, {
    hint: "another change came first; read the registry again (iapeer status --json tells the revision), then decide again",
    details: { revision, expected },
  });
}

function writeNext(layout: Layout, current: RegistryFile, edited: RegistryFile): RegistryFile {
  if (edited.peers.length === 0 && current.peers.length > 1) {
    throw new IapeerError("bug", `an edit would empty a registry of ${current.peers.length} peers; refused`);
  }
  // An edit of several rows has moved the revision on itself, by one for each.
  const revision = Math.max(edited.revision, current.revision + 1);
  const next = { ...edited, revision, peers: edited.peers.toSorted(byPersonality) };
  writeRegistry(layout, next);
  return next;
}

/**
 * Writes the registry, then its backup. On a full disk neither is written; killed at any instant, one of them is whole. The caller
 * holds the lock.
 */
export function writeRegistry(layout: Layout, file: RegistryFile): void {
  const text = renderState(file, registryFile);
  refuseUnreadable(file, text);
  writeTogether([
    { path: layout.registry, text },
    { path: layout.registryBackup, text },
  ]);
}

/** Refuses to write a registry that the next call could not read. */
function refuseUnreadable(file: RegistryFile, text: string): void {
  const checked = checkRegistry(file);
  const why = checked.ok ? undefined : checked.why;
  const size = Buffer.byteLength(text);
  if (why === undefined && size <= MAX_BYTES) return;
  throw new IapeerError(
    "invalid-value",
    `the registry would not be readable any more: ${why ?? `${size} bytes, more than ${MAX_BYTES}`}`,
    {
      hint: "nothing was changed",
    },
  );
}
