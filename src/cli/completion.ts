import { type Command, RootCommand } from "@bomb.sh/tab";
import { type Candidate, findCandidates } from "../app/completion.ts";
import type { Env } from "../core/layout.ts";
import { tame } from "../model/characters.ts";
import { aliasesOf, loadVerbs, ROOT } from "./commands.ts";
import { type Args, COMMON_ARGS, type FlagArg } from "./verb.ts";

interface Source {
  readonly env: Env;
  /** The word that is being typed. */
  readonly partial: string;
}

/**
 * Brings the words into the form that the library reads. bash hands over `--option`, `=` and the value as three words. The
 * library skips a value before the last word only when it is a word of its own.
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

/** Builds the library's tree of commands from our own. */
export async function completionTree(env: Env, words: readonly string[]): Promise<RootCommand> {
  const root = new RootCommand();
  const source = { env: withRoot(env, words), partial: (words.at(-1) ?? "").replace(/^--[a-z-]+=/, "") };
  addArgs(root, COMMON_ARGS, source);
  // The library finds "provider check" only where "provider" is a command of its own.
  for (const [word, command] of Object.entries(ROOT.subCommands)) {
    if (typeof command === "object") root.command(word, command.meta.description);
  }
  for (const { meta, args } of await loadVerbs(ROOT.subCommands)) {
    addArgs(root.command(meta.name, meta.description), args, source);
    for (const alias of aliasesOf(meta.name)) addArgs(root.command(alias, `the same as ${meta.name}`), args, source);
  }
  const help = root.command("help", "show the help of a command");
  help.argument("command", offer(Object.keys(ROOT.subCommands).map(bare)));
  return root;
}

function addArgs(command: Command, args: Args, source: Source): void {
  for (const [name, arg] of Object.entries(args)) {
    if (arg.type === "positional") command.argument(name, handlerOf(arg, source), arg.repeatable === true);
    else if (arg.type !== "boolean") command.option(name, arg.description, handlerOf(arg, source));
    else if (arg.default === true) command.option(`no-${name}`, arg.negativeDescription ?? arg.description);
    else if (arg.alias === undefined) command.option(name, arg.description);
    else command.option(name, arg.description, arg.alias);
  }
}

/** The environment with the root that was typed. */
function withRoot(env: Env, words: readonly string[]): Env {
  const typed = words.includes("--root") ? words[words.indexOf("--root") + 1] : undefined;
  return typed ? { ...env, IAPEER_ROOT: typed } : env;
}

type Handler = (complete: (value: string, description: string) => void) => void;

function handlerOf(arg: Exclude<Args[string], FlagArg>, source: Source): Handler {
  if (arg.type === "enum") return offer(arg.options.map(bare));
  if (arg.type === "positional" && arg.choices !== undefined) return offer(arg.choices.map(bare));
  const { completes } = arg;
  return (complete) => offer(completes === undefined ? [] : findCandidates({ completes, ...source }))(complete);
}

function offer(candidates: readonly Candidate[]): Handler {
  return (complete) => candidates.forEach(({ value, description }) => complete(value, tame(description)));
}

function bare(value: string): Candidate {
  return { value, description: "" };
}
