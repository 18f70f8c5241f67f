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

/** Device and inode of the file at a path, which all paths to it share; undefined when nothing is there. */
export function fileIdOf(path: string): string | undefined {
  const found = lookAt(path);
  return found && `${found.dev}:${found.ino}`;
}

/** True for two paths that lead to one folder. A path where nothing is leads only to itself. */
export function isSameFolder(a: string, b: string): boolean {
  if (a === b) return true;
  const id = fileIdOf(a);
  return id !== undefined && id === fileIdOf(b);
}
