import { join } from "node:path";

/** Every page that may have commands in it, relative to the repository. */
export function findPages(): string[] {
  return [
    "README.md",
    "CONTRIBUTING.md",
    ...[...new Bun.Glob("docs/**/*.md").scanSync({ cwd: join(import.meta.dir, "../..") })].toSorted(),
  ];
}
