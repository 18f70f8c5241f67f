import { type Stats, statSync } from "node:fs";

/** The file at a path, links followed; undefined when nothing is there, or when no path leads there. */
export function lookAt(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    // A part of the path is a file, links lead in a circle, or a folder above it may not be entered.
    return undefined;
  }
}

/** Whether two paths lead to one folder. A path where nothing is leads only to itself. */
export function isSameFolder(a: string, b: string): boolean {
  return a === b || isSameFile(lookAt(a), lookAt(b));
}

/** Whether two files that were looked at are one. */
export function isSameFile(a: Stats | undefined, b: Stats | undefined): boolean {
  return a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino;
}
