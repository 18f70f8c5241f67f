import { readdirSync } from "node:fs";
import { type Env, layoutFrom } from "../core/layout.ts";
import { tame } from "../model/characters.ts";
import { AGENTIC_RUNTIMES } from "../model/runtimes.ts";
import { readRegistry } from "../registry/registry.ts";
import type { Peer } from "../registry/types.ts";

/** The things of this host that complete a word in a shell. */
export type Completes = "peers" | "runtimes" | "folders" | "files";

export interface Candidate {
  readonly value: string;
  readonly description: string;
}

export interface CompletionRequest {
  readonly completes: Completes;
  /** The word that is being typed. */
  readonly partial: string;
  /** The environment that says which root it is. */
  readonly env: Env;
}

/** The words that a word may become. A person who presses TAB wants no error message: a folder that cannot be read offers nothing. */
export function findCandidates({ completes, partial, env }: CompletionRequest): Candidate[] {
  switch (completes) {
    case "peers":
      return findPeers(env).map(({ personality, description }) => ({ value: personality, description }));
    case "runtimes":
      return [...new Set([...AGENTIC_RUNTIMES, ...findPeers(env).flatMap(({ runtimes }) => runtimes)])].map(bare);
    case "folders":
      return findEntries(partial, { foldersOnly: true }).map(bare);
    case "files":
      return findEntries(partial, { foldersOnly: false }).map(bare);
  }
}

function bare(value: string): Candidate {
  return { value, description: "" };
}

function findPeers(env: Env): readonly Peer[] {
  try {
    return readRegistry(layoutFrom(env)).peers;
  } catch {
    return [];
  }
}

/** Below the current folder, where the word is no absolute path. A name that a line of the scripts' protocol cannot hold is left out. */
function findEntries(partial: string, { foldersOnly }: { foldersOnly: boolean }): string[] {
  const above = partial.slice(0, partial.lastIndexOf("/") + 1);
  const start = partial.slice(above.length);
  try {
    return readdirSync(above || ".", { withFileTypes: true })
      .filter(({ name }) => name.startsWith(start) && tame(name) === name)
      .filter((entry) => !foldersOnly || entry.isDirectory())
      .map((entry) => `${above}${entry.name}${entry.isDirectory() ? "/" : ""}`);
  } catch {
    // There is no such folder, or it may not be read.
    return [];
  }
}
