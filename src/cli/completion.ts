import { readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { RootCommand } from "@bomb.sh/tab";
import { AGENTIC_RUNTIMES } from "../core/names.ts";
import { layoutFrom, type Env } from "../core/paths.ts";
import { peersOf } from "../registry/schema.ts";
import { readRegistry } from "../registry/store.ts";
import { COMMON_OPTIONS, type OptionSpec, type Verb } from "./verb.ts";

/** The hidden verb that the shells' scripts call: `iapeer complete -- WORD…`. */
export const COMPLETE_VERB = "complete";

export const SHELLS = ["bash", "zsh", "fish"] as const;

interface Candidate {
  readonly value: string;
  readonly description: string;
}

/** The grammar that completion works with, out of the verbs themselves. */
export function completionTree(verbs: readonly Verb[], env: Env, words: readonly string[]): RootCommand {
  const root = new RootCommand();
  const source = { env: withRoot(env, words), partial: words.at(-1) ?? "" };
  for (const verb of verbs) {
    const command = root.command(verb.name, verb.summary);
    for (const [name, spec] of Object.entries({ ...verb.options, ...COMMON_OPTIONS } as Record<string, OptionSpec>)) {
      if (spec.type === "boolean") command.option(name, spec.help, ...(spec.short === undefined ? [] : [spec.short]));
      else command.option(name, spec.help, handlerOf(spec, source));
    }
    for (const positional of verb.positionals) command.argument(positional.name, handlerOf(positional, source), positional.isMany === true);
  }
  return root;
}

interface Source {
  readonly env: Env;
  readonly partial: string;
}

/** A root that was typed counts for the names that are offered. */
function withRoot(env: Env, words: readonly string[]): Env {
  const typed = words[words.indexOf("--root") + 1];
  return words.includes("--root") && typed ? { ...env, IAPEER_ROOT: typed } : env;
}

function handlerOf(spec: { readonly choices?: readonly string[]; readonly completes?: string }, source: Source): (complete: (value: string, description: string) => void) => void {
  return (complete) => {
    for (const { value, description } of candidatesFor(spec, source)) complete(value, description);
  };
}

function candidatesFor(spec: { readonly choices?: readonly string[]; readonly completes?: string }, { env, partial }: Source): Candidate[] {
  if (spec.choices !== undefined) return spec.choices.map((value) => ({ value, description: "" }));
  switch (spec.completes) {
    case "peers":
      return findPeers(env).map(({ personality, description }) => ({ value: personality, description }));
    case "runtimes":
      return [...new Set([...AGENTIC_RUNTIMES, ...findPeers(env).flatMap(({ runtimes }) => runtimes)])].map((value) => ({ value, description: "" }));
    case "folders":
      return findEntries(partial, { foldersOnly: true });
    case "files":
      return findEntries(partial, { foldersOnly: false });
    default:
      return [];
  }
}

/** A person who presses TAB wants no error message: what cannot be read offers nothing. */
function findPeers(env: Env) {
  try {
    return peersOf(readRegistry(layoutFrom(env)));
  } catch {
    return [];
  }
}

function findEntries(partial: string, { foldersOnly }: { foldersOnly: boolean }): Candidate[] {
  const folder = partial.endsWith("/") ? partial : dirname(partial);
  const start = partial.endsWith("/") ? "" : basename(partial);
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.name.startsWith(start) && (!foldersOnly || entry.isDirectory()))
      .map((entry) => ({ value: `${partial.includes("/") ? join(folder, entry.name) : entry.name}${entry.isDirectory() ? "/" : ""}`, description: "" }));
  } catch {
    return [];
  }
}
