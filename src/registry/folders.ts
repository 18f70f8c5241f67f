import { accessSync, constants, lstatSync, rmdirSync } from "node:fs";
import { dirname } from "node:path";
import { isSameFile, isSameFolder, lookAt } from "../core/disk/same-folder.ts";
import { IapeerError, ioError } from "../model/errors.ts";
import type { AddRequest } from "./types.ts";

/** A registered peer, as far as its folder is concerned: a row, or a peer of a snapshot. */
export interface Owner {
  readonly personality: string;
  readonly cwd: string;
  readonly removing?: string;
}

/**
 * The folder that a registration gets, which need not exist yet. Nothing is made.
 *
 * @throws IapeerError `peer-being-removed`, `peer-conflict`, `folder-taken`, `invalid-value`, `write-failed`.
 */
export function chooseFolder(owners: readonly Owner[], { personality, cwd, hasOwnFolder }: AddRequest): string {
  const current = owners.find((owner) => owner.personality === personality);
  if (current !== undefined) refuseRemoving(current);
  const folder = current !== undefined && !hasOwnFolder ? current.cwd : cwd;
  if (current !== undefined && !isSameFolder(current.cwd, folder)) throw otherFolder(current, folder);
  refuseFolder(owners, personality, folder);
  return folder;
}

/**
 * Refuses a path that cannot become this peer's folder.
 *
 * @throws IapeerError `folder-taken`: another peer has it; `invalid-value`: it is no folder and cannot become one; `write-failed`.
 */
export function refuseFolder(owners: readonly Owner[], personality: string, cwd: string): void {
  refuseNoFolder(cwd);
  const found = lookAt(cwd);
  const owner = owners.find(
    (other) =>
      other.personality !== personality && (other.cwd === cwd || (found !== undefined && isSameFile(found, lookAt(other.cwd)))),
  );
  if (owner !== undefined) throw folderTaken(cwd, owner.personality);
}

/** Throws IapeerError `peer-being-removed` for a peer whose removal has begun. */
export function refuseRemoving({ personality, removing }: Pick<Owner, "personality" | "removing">): void {
  if (removing === undefined) return;
  throw new IapeerError("peer-being-removed", `${personality} is being removed (since ${removing})`, {
    hint: `let it finish: iapeer remove ${personality}`,
  });
}

/** The error of a folder that belongs to another peer. */
export function folderTaken(cwd: string, personality: string): IapeerError {
  return new IapeerError("folder-taken", `the folder ${cwd} is ${personality}'s`, {
    hint: "one personality, one folder: choose another --cwd",
    details: { cwd, personality },
  });
}

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
      // Somebody has put something there since: it stays.
      return;
    }
  }
}
