import { wasWritten, writeTogether } from "../core/disk/atomic-write.ts";
import { IapeerError } from "../model/errors.ts";
import { makeFolder } from "../core/disk/files.ts";
import { readState, renderState, type StateFile, stateOf } from "../core/disk/state-file.ts";
import { checkFolder } from "../core/disk/trust.ts";
import { withLock } from "../core/disk/lock.ts";
import type { Layout } from "../core/layout.ts";
import { checkRegistry, type Registry, REGISTRY_VERSION } from "./schema.ts";

const MAX_BYTES = 64 * 1024 * 1024;

const registryFile: StateFile<Registry> = {
  what: "the registry",
  maxBytes: MAX_BYTES,
  unreadable: "registry-corrupt",
  insecure: "registry-insecure",
  check: checkRegistry,
  explain: corruptFile,
};
const backupFile: StateFile<Registry> = { ...registryFile, what: "the registry's backup" };

/**
 * The registry as it stands. Nothing there yet is an empty one, unless a backup says that there were peers.
 *
 * @throws IapeerError `registry-corrupt`, `registry-insecure` (exit 5); the file stays as it is.
 */
export function readRegistry(layout: Layout): Registry {
  checkFolder(layout.root, "the root", "registry-insecure");
  const registry = readRegistryFile(layout.registry, registryFile);
  if (registry !== undefined) return registry;
  const lost = readBackup(layout);
  if (lost !== undefined && lost.peers.length > 0) {
    throw corrupt(layout, `is gone, but its backup holds ${lost.peers.length} peers`);
  }
  return { version: REGISTRY_VERSION, revision: 0, peers: [] };
}

/** The last good registry; undefined when there is none that reads. */
export function readBackup(layout: Layout): Registry | undefined {
  try {
    return readRegistryFile(layout.registryBackup, backupFile);
  } catch (error) {
    if (error instanceof IapeerError) return undefined;
    throw error;
  }
}

/** What is no regular file, or too large, is told as a corrupt one is: with the backup. */
function readRegistryFile(path: string, file: StateFile<Registry>): Registry | undefined {
  const reading = readState(path, file);
  if (reading.kind !== "unreadable" || reading.error.code !== "registry-corrupt") return stateOf(reading);
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

function corrupt(layout: Layout, why: string): IapeerError {
  return corruptFile(layout.registry, why);
}

export interface ChangeOptions {
  /** How long to wait for the lock. */
  readonly lockTimeoutMs: number;
  /** Refuse with `revision-conflict` unless the registry still has this revision. */
  readonly ifRevision?: number;
  /** Ends the wait for the lock: `interrupted`, and nothing is changed. */
  readonly signal?: AbortSignal | undefined;
}

/** Something that must stand on disk before the row does; what it returns takes it back when the row cannot be written. */
export type Preparation = () => () => void;

/**
 * Reads, edits and writes the registry under its lock, so that no change of another process is lost.
 * An edit that returns what it was given writes nothing. An edit must be quick: everybody waits for it.
 *
 * @throws IapeerError `lock-busy`, `interrupted`, `revision-conflict`, `registry-corrupt`, `write-failed`, or what the edit throws.
 */
export async function changeRegistry(
  layout: Layout,
  options: ChangeOptions,
  edit: (registry: Registry) => Registry,
  prepare?: Preparation,
): Promise<Registry> {
  makeFolder(layout.root);
  checkFolder(layout.root, "the root", "registry-insecure");
  return await withLock(layout.registryLock, { timeoutMs: options.lockTimeoutMs, signal: options.signal }, () => {
    const current = readRegistry(layout);
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

/** `revision-conflict` unless the registry is where the caller thinks it is. */
export function refuseOtherRevision(revision: number, expected: number | undefined): void {
  if (expected === undefined || expected === revision) return;
  throw new IapeerError("revision-conflict", `the registry is at revision ${revision}, not ${expected}`, {
    hint: "somebody was faster; read it again (iapeer status --json tells the revision), then decide again",
    details: { revision, expected },
  });
}

function writeNext(layout: Layout, current: Registry, edited: Registry): Registry {
  if (edited.peers.length === 0 && current.peers.length > 1) {
    throw new IapeerError("bug", `an edit would empty a registry of ${current.peers.length} peers; refused`);
  }
  const next = { ...edited, revision: current.revision + 1, peers: edited.peers.toSorted(byPersonality) };
  writeRegistry(layout, next);
  return next;
}

/** Writes the registry, then its backup: both or none on a full disk, and at every moment one is whole. The caller holds the lock. */
export function writeRegistry(layout: Layout, registry: Registry): void {
  const text = renderState(registry, registryFile);
  refuseUnreadable(registry, text);
  writeTogether([
    { path: layout.registry, text },
    { path: layout.registryBackup, text },
  ]);
}

/** What could not be read again is not written. */
function refuseUnreadable(registry: Registry, text: string): void {
  const checked = checkRegistry(registry);
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

function byPersonality(a: { personality: string }, b: { personality: string }): number {
  return a.personality < b.personality ? -1 : 1;
}
