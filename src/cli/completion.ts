import { readdirSync } from "node:fs";
import { type Command, RootCommand } from "@bomb.sh/tab";
import { AGENTIC_RUNTIMES } from "../model/names.ts";
import { layoutFrom, type Env } from "../core/layout.ts";
import { readRegistry } from "../registry/registry.ts";
import type { Peer } from "../registry/types.ts";
import { tame } from "../model/characters.ts";
import { COMMON_OPTIONS, type Completes, type OptionSpec, type OptionSpecs, type Verb } from "./verb.ts";

export const SHELLS = ["bash", "zsh", "fish"] as const;

interface Candidate {
  readonly value: string;
  readonly description: string;
}

interface Source {
  readonly env: Env;
  /** The word that is being typed. */
  readonly partial: string;
}

/** What a positional or an option says of its values. */
interface Completed {
  readonly choices?: readonly string[];
  readonly completes?: Completes;
}

/**
 * The words as the library takes them. bash hands over `--option`, `=` and the value as three words; and before the
 * last word, a value has to be a word of its own to be passed over.
 */
export function normalizeWords(words: readonly string[]): string[] {
  const joined: string[] = [];
  words.forEach((word, index) => {
    const isValue = word === "=" || words[index - 1] === "=";
    if (isValue && joined.at(-1)?.startsWith("--")) joined.push(`${joined.pop()}${word}`);
    else joined.push(word);
  });
  const last = joined.pop();
  const before = joined.flatMap((word) => (/^--[a-z-]+=/.test(word) ? splitOption(word) : [word]));
  return last === undefined ? before : [...before, last];
}

function splitOption(word: string): string[] {
  const equals = word.indexOf("=");
  return [word.slice(0, equals), word.slice(equals + 1)];
}

/** The grammar that completion works with, out of the verbs themselves. */
export function completionTree(verbs: readonly Verb[], env: Env, words: readonly string[]): RootCommand {
  const root = new RootCommand();
  const source = { env: withRoot(env, words), partial: (words.at(-1) ?? "").replace(/^--[a-z-]+=/, "") };
  addOptions(root, COMMON_OPTIONS, source);
  // The library finds "provider check" only where "provider" is a command of its own.
  for (const group of groupsOf(verbs)) root.command(group, `commands: ${namesIn(group, verbs).join(", ")}`);
  for (const verb of verbs) {
    const command = root.command(verb.name, verb.summary);
    addOptions(command, { ...verb.options, ...COMMON_OPTIONS }, source);
    for (const { name, isMany, ...completed } of verb.positionals) {
      command.argument(name, handlerOf(completed, source), isMany === true);
    }
  }
  const commands = new Set(verbs.map(({ name }) => name.split(" ")[0]!));
  root.command("help", "show the help of a command").argument("command", handlerOf({ choices: [...commands] }, source));
  return root;
}

function groupsOf(verbs: readonly Verb[]): Set<string> {
  return new Set(verbs.filter(({ name }) => name.includes(" ")).map(({ name }) => name.split(" ")[0]!));
}

function namesIn(group: string, verbs: readonly Verb[]): string[] {
  return verbs.filter(({ name }) => name.startsWith(`${group} `)).map(({ name }) => name.slice(group.length + 1));
}

function addOptions(command: Command, options: OptionSpecs, source: Source): void {
  for (const [name, spec] of Object.entries<OptionSpec>(options)) {
    if (spec.type === "string") command.option(name, spec.help, handlerOf(spec, source));
    else if (spec.short === undefined) command.option(name, spec.help);
    else command.option(name, spec.help, spec.short);
  }
}

/** A root that was typed counts for the names that are offered. */
function withRoot(env: Env, words: readonly string[]): Env {
  const typed = words.includes("--root") ? words[words.indexOf("--root") + 1] : undefined;
  return typed ? { ...env, IAPEER_ROOT: typed } : env;
}

function handlerOf(completed: Completed, source: Source): (complete: (value: string, description: string) => void) => void {
  return (complete) => {
    for (const { value, description } of candidatesFor(completed, source)) complete(value, tame(description));
  };
}

function candidatesFor({ choices, completes }: Completed, { env, partial }: Source): Candidate[] {
  if (choices !== undefined) return choices.map(bare);
  switch (completes) {
    case "peers":
      return findPeers(env).map(({ personality, description }) => ({ value: personality, description }));
    case "runtimes":
      return [...new Set([...AGENTIC_RUNTIMES, ...findPeers(env).flatMap(({ runtimes }) => runtimes)])].map(bare);
    case "folders":
      return findEntries(partial, { foldersOnly: true }).map(bare);
    case "files":
      return findEntries(partial, { foldersOnly: false }).map(bare);
    default:
      return [];
  }
}

function bare(value: string): Candidate {
  return { value, description: "" };
}

/** A person who presses TAB wants no error message: what cannot be read offers nothing. */
function findPeers(env: Env): readonly Peer[] {
  try {
    return readRegistry(layoutFrom(env)).peers;
  } catch {
    return [];
  }
}

/** Names that a line of the scripts' protocol cannot hold are not offered. */
function findEntries(partial: string, { foldersOnly }: { foldersOnly: boolean }): string[] {
  const above = partial.slice(0, partial.lastIndexOf("/") + 1);
  const start = partial.slice(above.length);
  try {
    return readdirSync(above || ".", { withFileTypes: true })
      .filter(({ name }) => name.startsWith(start) && tame(name) === name)
      .filter((entry) => !foldersOnly || entry.isDirectory())
      .map((entry) => `${above}${entry.name}${entry.isDirectory() ? "/" : ""}`);
  } catch {
    // No such folder, or not ours to read: nothing to offer.
    return [];
  }
}
