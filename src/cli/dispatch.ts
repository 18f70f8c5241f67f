import { IapeerError } from "../model/errors.ts";
import { nearest } from "../model/names.ts";
import { parseCall, type ParsedCall, usage } from "./call.ts";
import { type Colors } from "./colors.ts";
import { COMMON_OPTIONS, type Verb } from "./verb.ts";
import { loadVerbGroups, VERB_ENTRIES, type VerbEntry } from "./verbs.ts";
import { VERSION } from "../model/version.ts";

/** What a command line asks for: a verb to run, or a page that is the whole answer (text with --json too, where it has no `json`). */
export type Request =
  | { readonly kind: "verb"; readonly verb: Verb; readonly call: ParsedCall }
  | { readonly kind: "page"; readonly text: string; readonly json?: unknown };

/**
 * Reads a whole command line. Options of every command may stand before the verb: `iapeer --root DIR list`.
 *
 * @throws IapeerError `usage`, `unknown-command`.
 */
export async function parseWords(words: readonly string[], colors: Colors): Promise<Request> {
  const { before, after } = splitLeadingOptions(words);
  const [first] = after;
  if (before.includes("--version") || before.includes("-V")) return version(after);
  if (first === "version") return version(after.slice(1));
  if (first === "help") return await help(after.slice(1), colors);
  const found = findEntry(after);
  if (found === undefined && asksForHelp(first, [...before, ...after])) return await help(after.slice(0, 1), colors);
  if (first === undefined) throw new IapeerError("usage", "iapeer needs a command", { hint: "see: iapeer --help" });
  if (found === undefined) throw unknownCommand(after);
  const verb = await found.entry.load();
  const call = parseCall(verb, [...before, ...found.rest]);
  return call.wantsHelp ? await verbPage(verb, colors) : { kind: "verb", verb, call };
}

/** The verb that the words begin with, and the words after it. The longest name wins: "provider check". */
function findEntry(words: readonly string[]): { entry: VerbEntry; rest: readonly string[] } | undefined {
  for (const length of [2, 1]) {
    const name = words.slice(0, length).join(" ");
    const entry = VERB_ENTRIES.find((candidate) => candidate.name === name);
    if (entry !== undefined && words.length >= length) return { entry, rest: words.slice(length) };
  }
  return undefined;
}

function splitLeadingOptions(words: readonly string[]): { before: readonly string[]; after: readonly string[] } {
  let index = 0;
  while (index < words.length && words[index]!.startsWith("-")) {
    refuseUnknownLeading(words[index]!);
    index += words[index] === "--root" ? 2 : 1;
  }
  return { before: words.slice(0, index), after: words.slice(index) };
}

const LEADING = ["--version", "-V", "-h", ...Object.keys(COMMON_OPTIONS).map((name) => `--${name}`)];

function refuseUnknownLeading(word: string): void {
  const option = word.replace(/=.*$/s, "");
  if (LEADING.includes(option)) return;
  const near = nearest(option, LEADING);
  throw new IapeerError("usage", `iapeer has no option ${option}`, {
    hint: near === undefined ? "options of a command stand after it; see: iapeer --help" : `did you mean ${near}?`,
  });
}

function asksForHelp(first: string | undefined, words: readonly string[]): boolean {
  return (first === undefined || isGroup(first)) && words.some((word) => word === "--help" || word === "-h");
}

function version(after: readonly string[]): Request {
  const stray = after.find((word) => word !== "--json");
  if (stray !== undefined) throw new IapeerError("usage", `version stands alone, without ${JSON.stringify(stray)}`);
  return { kind: "page", text: VERSION, json: { version: VERSION } };
}

/** `iapeer help [COMMAND]`. */
async function help(words: readonly string[], colors: Colors): Promise<Request> {
  const names = words.filter((word) => !word.startsWith("-"));
  const [first] = names;
  if (first === undefined) return { kind: "page", text: await renderFirstPage(colors) };
  const found = findEntry(names);
  if (found !== undefined) {
    const verb = await found.entry.load();
    if (found.rest.length > 0) throw usage(verb, `help does not take ${JSON.stringify(found.rest[0])}`);
    return await verbPage(verb, colors);
  }
  if (names.length > 1 || !isGroup(first)) throw unknownCommand(names);
  const verbs = await Promise.all(groupOf(first).map(async ({ load }) => await load()));
  return { kind: "page", text: (await import("./help.ts")).renderGroupHelp(first, verbs, colors) };
}

async function verbPage(verb: Verb, colors: Colors): Promise<Request> {
  return { kind: "page", text: (await import("./help.ts")).renderVerbHelp(verb, colors) };
}

/** The first page of the help. */
export async function renderFirstPage(colors: Colors): Promise<string> {
  return (await import("./help.ts")).renderOverview(await loadVerbGroups(), VERSION, colors);
}

function groupOf(word: string): VerbEntry[] {
  return VERB_ENTRIES.filter(({ name }) => name.startsWith(`${word} `));
}

function isGroup(word: string): boolean {
  return groupOf(word).length > 0;
}

function unknownCommand(words: readonly string[]): IapeerError {
  const [first, second] = words as [string, string | undefined];
  const group = groupOf(first).map(({ name }) => name);
  if (group.length > 0 && (second === undefined || second.startsWith("-"))) {
    return new IapeerError("usage", `${first} needs a command`, { hint: `one of: ${group.join(", ")}` });
  }
  const names = [...VERB_ENTRIES.map(({ name }) => name), "help", "version"];
  const typed = words.slice(0, 2).join(" ");
  const near = nearest(typed, names) ?? nearest(first, names);
  const others = group.length > 0 ? `one of: ${group.join(", ")}` : "see: iapeer --help";
  return new IapeerError("unknown-command", `iapeer has no command ${JSON.stringify(group.length > 0 ? typed : first)}`, {
    hint: near === undefined ? others : `did you mean iapeer ${near}?`,
  });
}
