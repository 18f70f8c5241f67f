import { IapeerError } from "../model/errors.ts";
import { VERSION } from "../model/version.ts";
import type { Colors } from "./colors.ts";
import { ALIASES, type Commands, FOREIGN_WORDS, type Group, isVerb, ROOT } from "./commands.ts";
import type { ParsedCall } from "./strict.ts";
import { COMMON_ARGS, type Verb } from "./verb.ts";

/** The meaning of a command line: a verb to run, or a page to print. A page without `json` is text with --json too. */
export type Request =
  | { readonly kind: "verb"; readonly verb: Verb; readonly call: ParsedCall }
  | { readonly kind: "page"; readonly text: string; readonly json?: unknown };

/**
 * Reads a whole command line. The common options may stand before the command: `iapeer --root DIR list`.
 *
 * @throws IapeerError `usage`, `unknown-command`.
 */
export async function parseWords(words: readonly string[], colors: Colors): Promise<Request> {
  const { before, after } = await splitLeadingOptions(words);
  const [first] = after;
  if (before.includes("--version") || before.includes("-V")) return version(after);
  if (first === "version") return version(after.slice(1));
  if (first === "help") return await help(after.slice(1), colors);
  const { command, path, rest } = await walk(after);
  if (isVerb(command)) {
    const { parseCall } = await import("./strict.ts");
    const call = parseCall(command, [...before, ...rest]);
    return call.wantsHelp ? await page(command, colors) : { kind: "verb", verb: command, call };
  }
  const isHelpWanted = [...before, ...rest].some((word) => word === "--help" || word === "-h");
  if (isHelpWanted && (command !== ROOT || first === undefined)) return await page(command, colors);
  throw await unfinished(command, path, rest);
}

interface Found {
  readonly command: Group | Verb;
  /** The words that led there. */
  readonly path: readonly string[];
  readonly rest: readonly string[];
}

/** Follows the words down the command tree as far as they name commands. */
async function walk(words: readonly string[]): Promise<Found> {
  let command: Group | Verb = ROOT;
  let depth = 0;
  for (; depth < words.length; depth += 1) {
    const below: Commands = "subCommands" in command ? command.subCommands : {};
    const word = depth === 0 ? meantBy(words[0]!) : words[depth]!;
    const next: Commands[string] | undefined = Object.hasOwn(below, word) ? below[word] : undefined;
    if (next === undefined) break;
    command = typeof next === "function" ? await next() : next;
  }
  return { command, path: words.slice(0, depth), rest: words.slice(depth) };
}

/** The command that an alias stands for; any other word stands for itself. */
function meantBy(word: string): string {
  return Object.hasOwn(ALIASES, word) ? ALIASES[word]! : word;
}

async function splitLeadingOptions(words: readonly string[]): Promise<{ before: readonly string[]; after: readonly string[] }> {
  let index = 0;
  while (index < words.length && words[index]!.startsWith("-")) {
    if (!LEADING.includes(withoutValue(words[index]!))) throw await unknownLeading(withoutValue(words[index]!));
    index += words[index] === "--root" ? 2 : 1;
  }
  return { before: words.slice(0, index), after: words.slice(index) };
}

const LEADING = ["--version", "-V", "-h", ...Object.keys(COMMON_ARGS).map((name) => `--${name}`)];

function withoutValue(option: string): string {
  return option.split("=", 1)[0]!;
}

async function unknownLeading(option: string): Promise<IapeerError> {
  const near = await findNear(option, LEADING);
  return new IapeerError("usage", `iapeer has no option ${option}`, {
    hint: near === undefined ? "options of a command stand after it; see: iapeer --help" : `did you mean ${near}?`,
  });
}

function version(after: readonly string[]): Request {
  const stray = after.find((word) => word !== "--json");
  if (stray !== undefined) throw new IapeerError("usage", `version stands alone, without ${JSON.stringify(stray)}`);
  return { kind: "page", text: VERSION, json: { version: VERSION } };
}

/** `iapeer help [COMMAND]`. */
async function help(words: readonly string[], colors: Colors): Promise<Request> {
  const { command, path, rest } = await walk(words.filter((word) => !word.startsWith("-")));
  if (rest.length === 0) return await page(command, colors);
  if (!isVerb(command)) throw await unfinished(command, path, rest);
  const { usage } = await import("./strict.ts");
  throw usage(command, `help does not take ${JSON.stringify(rest[0])}`);
}

async function page(command: Group | Verb, colors: Colors): Promise<Request> {
  return { kind: "page", text: await (await import("./help.ts")).renderHelp(command, colors) };
}

/** The error for words that lead to no verb: a word is missing, or no command has it. */
async function unfinished(group: Group, path: readonly string[], [next, ...more]: readonly string[]): Promise<IapeerError> {
  const all = Object.keys(group.subCommands).map((name) => [...path, name].join(" "));
  const choice = group === ROOT ? "see: iapeer --help" : `one of: ${all.join(", ")}`;
  if (next === undefined || next.startsWith("-"))
    return new IapeerError("usage", `${[...path, "iapeer"][0]} needs a command`, { hint: choice });
  const message = `iapeer has no command ${JSON.stringify([...path, next].join(" "))}`;
  if (group === ROOT && Object.hasOwn(FOREIGN_WORDS, next))
    return new IapeerError("unknown-command", message, { hint: FOREIGN_WORDS[next]! });
  const near = await findNearCommand(group, [next, ...more]);
  return new IapeerError("unknown-command", message, {
    hint: near === undefined ? choice : `did you mean iapeer ${[...path, ...near].join(" ")}?`,
  });
}

/** The command whose words are spelled almost like these. */
async function findNearCommand(group: Group, [first, ...more]: readonly string[]): Promise<string[] | undefined> {
  if (first === undefined) return undefined;
  const near = await findNear(first, [...Object.keys(group.subCommands), ...(group === ROOT ? ["help", "version"] : [])]);
  if (near === undefined) return undefined;
  const below = group.subCommands[near];
  return typeof below === "object" ? [near, ...((await findNearCommand(below, more)) ?? [])] : [near];
}

async function findNear(word: string, candidates: readonly string[]): Promise<string | undefined> {
  // Only a wrong call loads this.
  const { nearest } = await import("../model/names.ts");
  return nearest(word, candidates);
}
