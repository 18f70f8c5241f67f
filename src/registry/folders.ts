import { accessSync, constants, lstatSync, rmdirSync } from "node:fs";
import { dirname } from "node:path";
import { fileIdOf, isSameFolder, lookAt } from "../core/disk/same-folder.ts";
import type { Layout } from "../core/layout.ts";
import { type FolderCheck, openFolderCheck } from "../core/peer-folder.ts";
import { IapeerError, ioError } from "../model/errors.ts";
import type { AddRequest } from "./types.ts";

/** A registered peer, as far as its folder is concerned: a row, or a peer of a snapshot. */
export interface Owner {
  readonly personality: string;
  readonly cwd: string;
  readonly removing?: string;
}

/**
 * The peers and their folders. Folders that exist are compared by device and inode. Each is looked at once, when the first question
 * needs it.
 */
export class FolderOwners {
  readonly #owners: Owner[];
  readonly #byPath: Map<string, string[]>;
  #byId: Map<string, string[]> | undefined;

  constructor(owners: readonly Owner[]) {
    this.#owners = [...owners];
    this.#byPath = groupNames(owners, ({ cwd }) => cwd);
  }

  /** Another peer that has the folder at a path; undefined when there is none. */
  findOther(personality: string, cwd: string): string | undefined {
    return this.#namesAt(cwd).find((name) => name !== personality);
  }

  /** Adds a peer, whose folder exists by now. */
  add(owner: Owner): void {
    this.#owners.push(owner);
    addName(this.#byPath, owner.cwd, owner.personality);
    if (this.#byId !== undefined) addName(this.#byId, fileIdOf(owner.cwd), owner.personality);
  }

  #namesAt(cwd: string): string[] {
    const names = this.#byPath.get(cwd) ?? [];
    const id = fileIdOf(cwd);
    if (id === undefined) return names;
    this.#byId ??= groupNames(this.#owners, (owner) => fileIdOf(owner.cwd));
    return [...names, ...(this.#byId.get(id) ?? [])];
  }
}

function groupNames(owners: readonly Owner[], keyOf: (owner: Owner) => string | undefined): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const owner of owners) addName(groups, keyOf(owner), owner.personality);
  return groups;
}

function addName(groups: Map<string, string[]>, key: string | undefined, personality: string): void {
  if (key === undefined) return;
  const names = groups.get(key);
  if (names === undefined) groups.set(key, [personality]);
  else names.push(personality);
}

/**
 * The folder that a registration gets, which need not exist yet. Nothing is made.
 *
 * @param current the peer as it is registered
 * @throws IapeerError `peer-being-removed`, `peer-conflict`, `folder-taken`, `invalid-value`, `write-failed`.
 */
export function chooseFolder(
  current: Owner | undefined,
  { personality, cwd, hasOwnFolder, isFolderShared = false }: AddRequest,
  neighbours: Neighbours,
): string {
  if (current === undefined) {
    refuseFolder({ personality, cwd, isFolderShared }, neighbours);
    return cwd;
  }
  refuseRemoving(current);
  const folder = hasOwnFolder ? cwd : current.cwd;
  if (!isSameFolder(current.cwd, folder)) throw otherFolder(current, folder);
  // It has this folder, whoever shares it.
  refuseNoFolder(folder);
  return folder;
}

/** The facts that decide whether a folder is free. */
export interface Neighbours {
  readonly owners: FolderOwners;
  readonly whyNoPeerFolder: FolderCheck;
}

/** The facts of a registry, for many questions. */
export function neighboursIn(owners: readonly Owner[], layout: Layout): Neighbours {
  return { owners: new FolderOwners(owners), whyNoPeerFolder: openFolderCheck(layout) };
}

/** A folder that a peer asks for. */
export interface FolderRequest {
  readonly personality: string;
  readonly cwd: string;
  /** True: a person says that it may be the folder of others too. */
  readonly isFolderShared: boolean;
}

/**
 * Refuses a path that cannot become this peer's folder.
 *
 * @throws IapeerError `folder-taken`: another peer has it; `invalid-value`: it is no folder and cannot become one, or can never be a
 *   peer's; `write-failed`.
 */
export function refuseFolder({ personality, cwd, isFolderShared }: FolderRequest, { owners, whyNoPeerFolder }: Neighbours): void {
  refuseNoFolder(cwd);
  const why = whyNoPeerFolder(cwd);
  if (why !== undefined)
    throw new IapeerError("invalid-value", `${cwd} can be no peer's folder: it is ${why}`, {
      hint: "choose a folder of its own",
      details: { cwd },
    });
  const other = isFolderShared ? undefined : owners.findOther(personality, cwd);
  if (other !== undefined) throw folderTaken(cwd, other);
}

/** Throws IapeerError `peer-being-removed` for a peer whose removal has begun. */
export function refuseRemoving({ personality, removing }: Pick<Owner, "personality" | "removing">): void {
  if (removing === undefined) return;
  throw new IapeerError("peer-being-removed", `${personality} is being removed (since ${removing})`, {
    hint: `let it finish: iapeer remove ${personality}`,
  });
}

/** The error of a folder that belongs to another peer. */
export function folderTaken(
  cwd: string,
  personality: string,
  { why = `is ${personality}'s`, hint = SHARE_HINT }: { readonly why?: string; readonly hint?: string } = {},
): IapeerError {
  return new IapeerError("folder-taken", `the folder ${cwd} ${why}`, { hint, details: { cwd, personality } });
}

const SHARE_HINT = "choose another --cwd; where they are to share it: --shared-folder, in a fleet file shared_folder: true";

function otherFolder({ personality, cwd }: Owner, asked: string): IapeerError {
  return new IapeerError("peer-conflict", `${personality} is registered at ${cwd}, not at ${asked}`, {
    hint: `one personality has one folder; to move it: iapeer remove ${personality}, then add it again`,
    details: { personality, cwd },
  });
}

function refuseNoFolder(cwd: string): void {
  const found = lookAt(cwd);
  if (found?.isDirectory()) return;
  if (found === undefined && !isLink(cwd)) return refuseUnmakeable(cwd, dirname(cwd));
  throw new IapeerError("invalid-value", `${cwd} is ${found === undefined ? "a symbolic link to nowhere" : "not a folder"}`, {
    hint: "choose another --cwd",
    details: { cwd },
  });
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    // A part of the path is no folder.
    return false;
  }
}

/** A missing folder is made below the nearest one that exists, if this user may write there. */
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

/** Removes folders, the inner ones first, up to the first one that is not empty. */
export function removeEmptyFolders(folders: readonly string[]): void {
  for (const folder of folders) {
    try {
      rmdirSync(folder);
    } catch {
      // Another process has put something there since: it stays.
      return;
    }
  }
}
