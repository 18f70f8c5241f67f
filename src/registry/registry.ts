import { makeFolder } from "../core/disk/files.ts";
import { withLock } from "../core/disk/lock.ts";
import { lookAt } from "../core/disk/same-folder.ts";
import { checkFolder } from "../core/disk/trust.ts";
import type { Layout } from "../core/layout.ts";
import { IapeerError } from "../model/errors.ts";
import { findCardPlace, findOwnCard, type FolderOf } from "./card-place.ts";
import { restoreCard } from "./cards.ts";
import { findDifferences } from "./differences.ts";
import { findRow, foldersIn, requireRow, updateRow, withCard, withoutRow, withRow } from "./edits.ts";
import { chooseFolder, neighboursIn, refuseFolder, refuseRemoving } from "./folders.ts";
import { Intake } from "./intake.ts";
import { markCardRemoved, putCard, type PutCard } from "./put-card.ts";
import { readIfWhole, restoreRegistry, unreadableRegistry } from "./restore.ts";
import { type RegistryFile, type RegistryRow, toPeer } from "./schema.ts";
import { snapshotOf } from "./snapshot.ts";
import { changeRegistry, describePlace, readStored } from "./store.ts";
import type {
  AddRequest,
  ChangeOptions,
  Move,
  Peer,
  Registered,
  RegisterOutcome,
  Registry,
  Updated,
  UpdateRequest,
  Verification,
} from "./types.ts";

/**
 * Reads the registry, once for a whole call. A missing file is an empty registry, unless the backup holds peers.
 *
 * @throws IapeerError `registry-corrupt`, `registry-insecure` (exit 5); the file stays as it is.
 */
export function readRegistry(layout: Layout): Registry {
  return snapshotOf(readStored(layout), layout);
}

/**
 * The registry as it is at each call. The file is read again only where another one has taken its place, which every change does: work that
 * looks at one peer after the other need not read all of them each time.
 *
 * @returns a function that throws what readRegistry throws
 */
export function followRegistry(layout: Layout): () => Registry {
  let last: { readonly place: string | undefined; readonly registry: Registry } | undefined;
  return () => {
    // Looked at before the file is read: one that is put there meanwhile is read at the next call.
    const place = describePlace(layout.registry);
    if (last === undefined || place === undefined || place !== last.place) last = { place, registry: readRegistry(layout) };
    return last.registry;
  };
}

/**
 * Registers a peer, or merges into the one that is registered: folder, card and row, all of them or none.
 *
 * @throws IapeerError `peer-conflict`, `folder-taken`, `peer-being-removed`, `profile-corrupt`, `invalid-value`, `lock-busy`,
 * `interrupted`, `revision-conflict`, `registry-corrupt`, `write-failed`.
 */
export async function registerPeer(layout: Layout, options: ChangeOptions, request: AddRequest): Promise<Registered> {
  const outcomes = await registerPeers(layout, options, [request]);
  const outcome = outcomes[0]!;
  if (outcome.action === "failed") throw outcome.error;
  return outcome;
}

/**
 * Registers many peers in their order, each as registerPeer does, and writes the registry once. A registration that fails keeps none of
 * the others back. Other changes of the registry wait meanwhile: for a few milliseconds a peer.
 *
 * @returns an outcome for each request
 * @throws IapeerError `lock-busy`, `interrupted`, `revision-conflict`, `registry-corrupt`, `write-failed`; then no peer is registered.
 */
export async function registerPeers(
  layout: Layout,
  options: ChangeOptions,
  requests: readonly AddRequest[],
): Promise<readonly RegisterOutcome[]> {
  let intake: Intake | undefined;
  let outcomes: readonly RegisterOutcome[] = [];
  await changeRegistry(
    layout,
    options,
    (file) => {
      const opened = new Intake(file, layout);
      intake = opened;
      outcomes = requests.map((request) => opened.register(request));
      return opened.file();
    },
    () => () => intake?.takeBack(),
  );
  return outcomes;
}

/** A check of registrations against one registry. It throws what registerPeer would throw, as far as that can be known without a change. */
export function registrationCheck(layout: Layout, { peers, find }: Registry): (request: AddRequest) => void {
  const neighbours = neighboursIn(peers, layout);
  return (request) => {
    const cwd = chooseFolder(find(request.personality), request, neighbours);
    findCardPlace({ ...request, cwd }, (personality) => find(personality)?.cwd);
  };
}

/**
 * Changes fields of a peer, in the registry and on its card.
 *
 * @throws IapeerError `peer-not-found`, `peer-being-removed`, `runtime-not-found`, `invalid-value`, and those of registerPeer.
 */
export async function updatePeer(
  layout: Layout,
  options: ChangeOptions,
  personality: string,
  request: UpdateRequest,
): Promise<Updated> {
  return await changeRow(layout, options, {
    personality,
    edit: (row) => updateRow(row, request),
    // A folder that is gone, or not mounted, is not made again: `verify` reports it.
    prepare: ({ row, folderOf }) =>
      lookAt(row.cwd) === undefined ? { takeBack: () => undefined } : putCard(row, findCardPlace(row, folderOf)),
  });
}

/** Throws what updatePeer would throw for a peer as it is in a registry, as far as that can be known without a change. */
export function checkUpdate({ personality, removing, ...peer }: Peer, request: UpdateRequest): void {
  refuseRemoving({ personality, ...(removing !== undefined && { removing }) });
  updateRow({ personality, cwd: peer.cwd, default_runtime: peer.defaultRuntime, runtimes: [...peer.runtimes] }, request);
}

/**
 * Gives a peer another folder, with its card; the peer stays registered throughout. The card in the old folder says that the peer left.
 *
 * @throws IapeerError `peer-not-found`, `peer-being-removed`, `folder-taken`, `invalid-value`, `write-failed`; then it is where it was.
 */
export async function movePeer(layout: Layout, options: ChangeOptions, { now, ...move }: Move): Promise<Updated> {
  const { personality, cwd } = move;
  return await changeRow(layout, options, {
    personality,
    edit: (row, file) => {
      refuseFolder(move, neighboursIn(file.peers, layout));
      findCardPlace(move, foldersIn(file));
      return { ...row, cwd };
    },
    prepare: ({ before, row, folderOf }) => {
      const { takeBack, ...put } = putCard(row, findCardPlace(row, folderOf));
      const left = findOwnCard(before);
      markCardRemoved(before, now);
      return {
        ...put,
        takeBack: () => {
          takeBack();
          if (left !== undefined) restoreCard(left.path, left.card);
        },
      };
    },
  });
}

interface Rows {
  /** As the registry had it. */
  readonly before: RegistryRow;
  readonly row: RegistryRow;
  readonly folderOf: FolderOf;
}

interface RowChange {
  readonly personality: string;
  /** Gets the row with the fields of its card; returns the very same row where nothing changes. */
  readonly edit: (row: RegistryRow, file: RegistryFile) => RegistryRow;
  /** Puts on disk what must be there before the new row is. */
  readonly prepare: (rows: Rows) => PutCard;
}

/** Changes the row of a peer that is registered and stays so. */
async function changeRow(layout: Layout, options: ChangeOptions, { personality, edit, prepare }: RowChange): Promise<Updated> {
  let rows: Rows | undefined;
  let put: PutCard | undefined;
  const { revision } = await changeRegistry(
    layout,
    options,
    (file) => {
      const before = requireRow(file, personality);
      refuseRemoving(before);
      const folderOf = foldersIn(file);
      const row = edit(withCard(before, findCardPlace(before, folderOf).card), file);
      rows = { before, row, folderOf };
      return row === before ? file : withRow(file, row);
    },
    () => {
      put = prepare(rows!);
      return put.takeBack;
    },
  );
  const { before, row } = rows!;
  const peer = toPeer(row);
  const known = toPeer(before).runtimes;
  const newRuntimes = peer.runtimes.filter((runtime) => !known.includes(runtime));
  const note = put?.note;
  return { peer, isChanged: row !== before, newRuntimes, revision, ...(note !== undefined && { cardNote: note }) };
}

/**
 * The first step of a removal: marks the peer as being removed. A mark that is there already stays.
 *
 * @returns the peer; undefined when there is none
 */
export async function markRemoving(
  layout: Layout,
  options: ChangeOptions,
  personality: string,
  now: Date,
): Promise<Peer | undefined> {
  const after = await changeRegistry(layout, options, (file) => {
    const row = findRow(file, personality);
    if (row === undefined || row.removing !== undefined) return file;
    return withRow(file, { ...row, removing: now.toISOString() });
  });
  const row = findRow(after, personality);
  return row && toPeer(row);
}

/**
 * The last step of a removal: drops the peer. The folder and its card stay, and the card says that the peer was removed.
 *
 * @returns the registry's revision
 */
export async function dropPeer(layout: Layout, options: ChangeOptions, personality: string, now: Date): Promise<number> {
  const { revision } = await changeRegistry(layout, options, (file) => {
    const row = findRow(file, personality);
    // Without a mark it is a peer that was added again meanwhile, and not the one that was being removed.
    if (row?.removing === undefined) return file;
    markCardRemoved(row, now);
    return withoutRow(file, personality);
  });
  return revision;
}

/** Compares the registry with the peers' own cards, and changes nothing. A registry that cannot be read is a difference too. */
export function verifyRegistry(layout: Layout): Verification {
  const file = readIfWhole(layout);
  const differences = file instanceof IapeerError ? [unreadableRegistry(file)] : findDifferences(file, layout);
  return { differences, fixed: 0 };
}

/**
 * Compares and mends. A registry that cannot be read comes back from its backup and the cards; the bad file is kept beside it.
 *
 * @throws IapeerError `lock-busy`, `interrupted`, `registry-insecure`, `write-failed`.
 */
export async function fixRegistry(layout: Layout, options: ChangeOptions, now: Date): Promise<Verification> {
  makeFolder(layout.root);
  checkFolder(layout.root, "the root", "registry-insecure");
  return await withLock(layout.registryLock, { timeoutMs: options.lockTimeoutMs, signal: options.signal }, () =>
    restoreRegistry(layout, now),
  );
}
