import { resolve } from "node:path";

export interface FolderQuery {
  /** As it stands in the file; `{name}` in it is the agent's name. */
  readonly text: string;
  readonly name: string;
  readonly home: string;
  /** The fleet file's own folder, links followed: what a relative path is relative to. */
  readonly base: string;
}

/** A working folder, absolute. */
export function resolveFolder({ text, name, home, base }: FolderQuery): string {
  const path = text.replaceAll("{name}", name);
  return path === "~" || path.startsWith("~/") ? resolve(home, `.${path.slice(1)}`) : resolve(base, path);
}
