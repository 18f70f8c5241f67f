import { statfsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { type Layout, writtenFolders } from "../layout.ts";
import { quoteForSh } from "../text/quoting.ts";
import { IapeerError } from "../../model/errors.ts";

/** Tells whether a failure says that a disk, or a person's share of it, is full. */
export function hasNoRoom(error: unknown): boolean {
  const errno = error instanceof IapeerError ? error.details?.["errno"] : undefined;
  return errno === "ENOSPC" || errno === "EDQUOT";
}

/** The room that is left on the disk of a folder. */
interface Room {
  readonly path: string;
  /** For this user: some blocks of a disk may be root's alone. */
  readonly bytes: number;
  /** The part of the inodes that is free; 1 on a file system that has no fixed number of them. */
  readonly inodes: number;
  /** `full`: a file of a record's size has no room. `low`: less than is good. */
  readonly state: "enough" | "low" | "full";
}

const FULL_BYTES = 64 * 1024;
const LEAST_BYTES = 64 * 1024 * 1024;
const LEAST_INODES = 0.01;

/** The room on each disk that iapeer writes to: once a disk, by the first of its folders. */
export function readDisks(layout: Layout): Room[] {
  const places = [...writtenFolders(layout).map(([, path]) => path), layout.socketFolder].map(nearestExisting);
  const disks = Map.groupBy(places, (path) => statSync(path).dev);
  return [...disks.values()].map(([path]) => readRoom(path!));
}

function readRoom(path: string): Room {
  const { bfree, bavail, bsize, files, ffree } = statfsSync(path);
  const bytes = (process.geteuid!() === 0 ? bfree : bavail) * bsize;
  const inodes = files > 0 ? ffree / files : 1;
  return { path, bytes, inodes, state: judgeRoom(bytes, inodes) };
}

/** The state of a disk with this room. */
export function judgeRoom(bytes: number, inodes: number): Room["state"] {
  if (bytes < FULL_BYTES || inodes === 0) return "full";
  return bytes < LEAST_BYTES || inodes < LEAST_INODES ? "low" : "enough";
}

const KIB = 1024;
const MIB = 1024 * KIB;

/** Says that a disk has too little room, and the command that tells more; undefined where there is enough. */
export function describeRoom({
  path,
  bytes,
  inodes,
  state,
}: Room): { readonly message: string; readonly command: string } | undefined {
  if (state === "enough") return undefined;
  const isShortOfInodes = bytes >= LEAST_BYTES;
  const left = isShortOfInodes
    ? `${Math.floor(inodes * 1000) / 10} % of the inodes`
    : bytes < MIB
      ? `${Math.floor(bytes / KIB)} KiB`
      : `${Math.floor(bytes / MIB)} MiB`;
  const message = `the disk of ${path} is ${state === "full" ? "full" : "nearly full"}: ${left} are left`;
  return { message, command: `${isShortOfInodes ? "df -i" : "df -h"} ${quoteForSh(path)}` };
}

/** The path, or the lowest thing above it that is there. */
export function nearestExisting(path: string): string {
  try {
    if (statSync(path, { throwIfNoEntry: false }) !== undefined) return path;
  } catch {
    // Something above it is no folder, or is closed to this user: the search goes on above.
  }
  return nearestExisting(dirname(path));
}
