import { accessSync, constants, lstatSync, rmdirSync, type Stats, statSync } from "node:fs";
import { dirname } from "node:path";
import { wasWritten } from "../core/disk/atomic-write.ts";
import { IapeerError, ioError } from "../model/errors.ts";
import { makeFolder } from "../core/disk/files.ts";
import { type Layout, profilePath } from "../core/layout.ts";
import {
  type AddPlan,
  type AddRequest,
  findRow,
  planAdd,
  requireRow,
  type UpdateRequest,
  updateRow,
  withCard,
  withoutRow,
  withRow,
} from "./edits.ts";
import { markCardRemoved, readCard, restoreCard, writeCard } from "./cards.ts";
import { type Card, type Registry, type Row, toPeer } from "./schema.ts";
import { changeRegistry, type ChangeOptions } from "./store.ts";

/**
 * Registers a peer, or merges into the one that is there: folder, card and row, all of them or none.
 *
 * @throws IapeerError `peer-conflict`, `folder-taken`, `peer-being-removed`, `profile-corrupt`, and what changeRegistry throws.
 */
export async function registerPeer(
  layout: Layout,
  options: ChangeOptions,
  request: AddRequest & { hasOwnFolder: boolean },
): Promise<AddPlan & { revision: number }> {
  let plan: AddPlan | undefined;
  const after = await changeRegistry(
    layout,
    options,
    (registry) => {
      plan = planInFolder(registry, request);
      return plan.registry;
    },
    () => putCard(plan!.row),
  );
  return { ...plan!, revision: after.revision };
}

/** Whether registerPeer could do this in a registry, as far as looking tells. Throws what it would throw. */
export function checkRegistration(registry: Registry, request: AddRequest & { hasOwnFolder: boolean }): void {
  planInFolder(registry, request);
}

function planInFolder(registry: Registry, request: AddRequest & { hasOwnFolder: boolean }): AddPlan {
  const current = findRow(registry, request.personality);
  if (current !== undefined) refuseRemoving(current);
  const cwd = current !== undefined && !request.hasOwnFolder ? current.cwd : request.cwd;
  if (current !== undefined && !isSameFolder(current.cwd, cwd)) throw otherFolder(current, cwd);
  refuseNoFolder(cwd);
  refuseTakenFolder(registry, request.personality, cwd);
  return planAdd(registry, { ...request, cwd }, cardOf(request.personality, cwd));
}

/** `peer-being-removed` for a peer whose removal has begun. */
export function refuseRemoving(row: Row): void {
  if (row.removing === undefined) return;
  throw new IapeerError("peer-being-removed", `${row.personality} is being removed (since ${row.removing})`, {
    hint: `let it finish: iapeer remove ${row.personality}`,
  });
}

function otherFolder(row: Row, cwd: string): IapeerError {
  return new IapeerError("peer-conflict", `${row.personality} is registered at ${row.cwd}, not at ${cwd}`, {
    hint: `one personality has one folder; to move it: iapeer remove ${row.personality}, then add it again`,
    details: { personality: row.personality, cwd: row.cwd },
  });
}

function refuseTakenFolder(registry: Registry, personality: string, cwd: string): void {
  const found = lookAt(cwd);
  const owner = registry.peers.find(
    (row) => row.personality !== personality && (row.cwd === cwd || (found !== undefined && isFolder(row.cwd, found))),
  );
  if (owner !== undefined) throw taken(cwd, owner.personality);
}

/** What is at a path, or undefined: nothing, or nothing that can be got at. */
function lookAt(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    // A part of the path is a file, or links lead in a circle: no folder of anybody's is there.
    return undefined;
  }
}

/** Refuses what can be no peer's folder, before anything is made. */
function refuseNoFolder(cwd: string): void {
  const found = lookAt(cwd);
  if (found?.isDirectory()) return;
  const isThere = found !== undefined || isLink(cwd);
  if (!isThere) return refuseUnmakeable(cwd, dirname(cwd));
  throw new IapeerError("invalid-value", `${cwd} is ${found === undefined ? "a symbolic link to nowhere" : "not a folder"}`, {
    hint: "choose another --cwd",
    details: { cwd },
  });
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    // Something above it is no folder.
    return false;
  }
}

/** What is missing is made below the nearest folder that is there, if that may be. */
function refuseUnmakeable(cwd: string, above: string): void {
  const found = lookAt(above);
  if (found === undefined && above !== dirname(above)) return refuseUnmakeable(cwd, dirname(above));
  if (!found?.isDirectory())
    throw new IapeerError("invalid-value", `the folder ${cwd} cannot be made: ${above} is not a folder`, {
      hint: "choose another folder",
      details: { cwd },
    });
  try {
    accessSync(above, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw ioError("write-failed", "cannot make a folder in", above, error);
  }
}

function isFolder(path: string, folder: { dev: number; ino: number }): boolean {
  const found = lookAt(path);
  return found !== undefined && found.dev === folder.dev && found.ino === folder.ino;
}

/** Whether two paths lead to one folder. One that is not there is only the same as itself. */
export function isSameFolder(a: string, b: string): boolean {
  const found = lookAt(a);
  return a === b || (found !== undefined && isFolder(b, found));
}

function taken(cwd: string, personality: string): IapeerError {
  return new IapeerError("folder-taken", `the folder ${cwd} is ${personality}'s`, {
    hint: "one personality, one folder: choose another --cwd",
    details: { cwd, personality },
  });
}

/** What the folder's card says of this peer; another peer's card means that the folder is taken. */
function cardOf(personality: string, cwd: string) {
  const card = readCard(cwd);
  if (card === undefined || card.personality === personality) return card;
  if (card.removed === undefined) throw taken(cwd, card.personality);
  return undefined;
}

/** Makes the folder and the card; returns how to take that back. */
function putCard(row: Row): () => void {
  const made = [dirname(profilePath(row.cwd)), row.cwd].filter((folder) => lookAt(folder) === undefined);
  let before: Card | undefined;
  try {
    makeFolder(row.cwd);
    before = readCard(row.cwd);
    writeCard(row);
  } catch (error) {
    if (!wasWritten(error)) removeEmptyFolders(made);
    throw error;
  }
  return () => {
    restoreCard(row.cwd, before);
    removeEmptyFolders(made);
  };
}

function removeEmptyFolders(folders: readonly string[]): void {
  for (const folder of folders) {
    try {
      rmdirSync(folder);
    } catch {
      // Somebody has put something there since: it stays.
      return;
    }
  }
}

export interface Updated {
  readonly before: Row;
  readonly row: Row;
  readonly revision: number;
}

/** Changes what is said of a peer, in the registry and on its card. `peer-not-found`, `peer-being-removed`; see updateRow. */
export async function updatePeer(
  layout: Layout,
  options: ChangeOptions,
  personality: string,
  request: UpdateRequest,
): Promise<Updated> {
  return await changeRow(layout, options, {
    personality,
    edit: (row) => updateRow(row, request),
    // A folder that is gone, or not mounted, is not made anew: verify tells of it.
    prepare: ({ row }) => (lookAt(row.cwd) === undefined ? () => undefined : putCard(row)),
  });
}

/**
 * Gives a peer another folder, all that it says of itself included: it is never not there. The card of the old folder says that it left.
 *
 * @throws IapeerError `peer-not-found`, `peer-being-removed`, `folder-taken`, `invalid-value`, `write-failed`; then it is where it was.
 */
export async function movePeer(layout: Layout, options: ChangeOptions, { personality, cwd, now }: Move): Promise<Updated> {
  return await changeRow(layout, options, {
    personality,
    edit: (row, registry) => {
      refuseNoFolder(cwd);
      refuseTakenFolder(registry, personality, cwd);
      cardOf(personality, cwd);
      return { ...row, cwd };
    },
    prepare: ({ before, row }) => {
      const takeBack = putCard(row);
      const card = readCard(before.cwd);
      markCardRemoved(before, now);
      return () => {
        takeBack();
        if (card !== undefined) restoreCard(before.cwd, card);
      };
    },
  });
}

interface RowChange {
  readonly personality: string;
  /** The new row of one that stands as its card has it; the same one where nothing changes. */
  readonly edit: (row: Row, registry: Registry) => Row;
  /** What must stand on disk before the new row does; see Preparation. */
  readonly prepare: (rows: Omit<Updated, "revision">) => () => void;
}

/** Changes the row of a peer that is there and stays. */
async function changeRow(layout: Layout, options: ChangeOptions, { personality, edit, prepare }: RowChange): Promise<Updated> {
  let rows: Omit<Updated, "revision"> | undefined;
  const after = await changeRegistry(
    layout,
    options,
    (registry) => {
      const before = requireRow(registry, personality);
      refuseRemoving(before);
      const row = edit(withCard(before, cardOf(personality, before.cwd)), registry);
      rows = { before, row };
      return row === before ? registry : withRow(registry, row);
    },
    () => prepare(rows!),
  );
  return { ...rows!, revision: after.revision };
}

export interface Move {
  readonly personality: string;
  /** Its new folder, resolved and absolute; made if missing. */
  readonly cwd: string;
  readonly now: Date;
}

/** The first step of a removal: the row says so, until the last step drops it. undefined: there is no such peer. */
export async function markRemoving(
  layout: Layout,
  options: ChangeOptions,
  personality: string,
  now: Date,
): Promise<Row | undefined> {
  const after = await changeRegistry(layout, options, (registry) => {
    const row = findRow(registry, personality);
    return row === undefined || row.removing !== undefined
      ? registry
      : withRow(registry, { ...row, removing: now.toISOString() });
  });
  return findRow(after, personality);
}

/** The last step of a removal. The folder and its card stay; the card says that the peer was removed. */
export async function dropPeer(layout: Layout, options: ChangeOptions, personality: string, now: Date): Promise<number> {
  const after = await changeRegistry(layout, options, (registry) => {
    const row = findRow(registry, personality);
    // A peer that was added anew meanwhile is not the one that was being removed.
    if (row?.removing === undefined) return registry;
    markCardRemoved(row, now);
    return withoutRow(registry, personality);
  });
  return after.revision;
}

/** The runtimes of `row` that `before` does not have. */
export function addedRuntimes(before: Row, row: Row): string[] {
  const known = toPeer(before).runtimes;
  return toPeer(row).runtimes.filter((runtime) => !known.includes(runtime));
}
