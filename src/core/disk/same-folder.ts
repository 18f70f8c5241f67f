import { type Stats, statSync } from "node:fs";

/** The file at a path, links followed; undefined when nothing is there, or nothing can be reached. */
export function lookAt(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    // A part of the path is a file, or may not be entered, or links lead in a circle.
    return undefined;
  }
}

/** The device and inode of a file, which all paths to it share; undefined when nothing is at the path. */
export function fileIdOf(path: string): string | undefined {
  const found = lookAt(path);
  return found && `${found.dev}:${found.ino}`;
}

/** True for two paths that lead to one folder. A path to nothing leads only to itself. */
export function isSameFolder(a: string, b: string): boolean {
  if (a === b) return true;
  const id = fileIdOf(a);
  return id !== undefined && id === fileIdOf(b);
}
