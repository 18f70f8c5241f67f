import { parseArgs } from "node:util";
import { IapeerError } from "../model/errors.ts";
import { nearest } from "../model/names.ts";
import type { Args, ArgValues, Call, OptionArg, PositionalArg, Verb } from "./verb.ts";

/** The words of a verb, read and checked. */
export interface ParsedCall extends Call {
  /** The same words for citty. A value that begins with a dash is joined to its option. */
  readonly words: readonly string[];
  readonly isJson: boolean;
  readonly wantsHelp: boolean;
  readonly root: string | undefined;
}

type Value = string | boolean | string[];

/**
 * Reads the words of a verb. citty alone would let wrong ones pass.
 *
 * @throws IapeerError `usage`: an unknown option, an option that is given twice or without its value, a missing or an
 * unexpected argument, a value that is not one of the choices.
 */
export function parseCall(verb: Verb, words: readonly string[]): ParsedCall {
  const grammar = grammarOf(verb);
  const dashes = verb.rest === undefined ? -1 : words.indexOf("--");
  const own = joinDashedValues(dashes === -1 ? words : words.slice(0, dashes), grammar.options);
  const rest = dashes === -1 ? [] : words.slice(dashes + 1);
  const { given, positionals } = readWords(grammar, own);
  const wantsHelp = given["help"] === true;
  if (!wantsHelp) {
    checkPositionals(grammar, positionals);
    checkOptions(grammar, given);
    if (verb.rest?.required && rest.length === 0) throw usage(verb, `${verb.meta.name} needs ${verb.rest.name} after --`);
  }
  const { json, help: _, root, ...args } = { ...defaultsOf(grammar), ...given, ...namePositionals(grammar, positionals) };
  return {
    args: args as ArgValues<Args>,
    rest,
    words: dashes === -1 ? own : [...own, ...words.slice(dashes)],
    isJson: json === true,
    wantsHelp,
    root: root as string | undefined,
  };
}

/** The error for a wrong call. Without another hint it names the verb's help. */
export function usage({ meta }: Pick<Verb, "meta">, message: string, hint?: string): IapeerError {
  return new IapeerError("usage", message, { hint: hint ?? `see: iapeer ${meta.name} --help` });
}

type Options = Readonly<Record<string, OptionArg>>;

/** The arguments of a verb, sorted by kind. */
interface Grammar {
  readonly verb: Verb;
  readonly options: Options;
  /** `no-provision`, for a flag `provision` that is on by default. */
  readonly negations: readonly string[];
  readonly positionals: readonly (PositionalArg & { readonly name: string })[];
}

function grammarOf(verb: Verb): Grammar {
  const entries = Object.entries(verb.args);
  const options = entries.filter((entry): entry is [string, OptionArg] => entry[1].type !== "positional");
  return {
    verb,
    options: Object.fromEntries(options),
    negations: options.filter(([, arg]) => arg.default === true).map(([name]) => `no-${name}`),
    positionals: entries.flatMap(([name, arg]) => (arg.type === "positional" ? [{ name, ...arg }] : [])),
  };
}

/** Joins `--description "- mail"` to one word: a value may begin with a dash, as with getopt, unless it looks like an option. */
function joinDashedValues(words: readonly string[], options: Options): string[] {
  const joined: string[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index]!;
    const next = words[index + 1];
    if (word === "--") return [...joined, ...words.slice(index)];
    if (next !== undefined && takesValue(word, options) && next.startsWith("-") && !looksLikeOption(next)) {
      joined.push(word.startsWith("--") ? `${word}=${next}` : `${word}${next}`);
      index += 1;
    } else {
      joined.push(word);
    }
  }
  return joined;
}

function takesValue(word: string, options: Options): boolean {
  if (!word.startsWith("--")) return Object.values(options).some(({ alias, type }) => type !== "boolean" && word === `-${alias}`);
  const name = word.slice(2);
  return Object.hasOwn(options, name) && options[name]!.type !== "boolean";
}

function looksLikeOption(word: string): boolean {
  return word === "--" || /^--?[a-z][\w-]*(=|$)/i.test(word);
}

type Given = Record<string, Value>;

/** Reads the words into values by option name, and the positional words. */
function readWords(grammar: Grammar, words: string[]): { given: Given; positionals: string[] } {
  const options = parseOptionsOf(grammar);
  const { tokens } = parseArgs({ args: words, options, strict: false, allowPositionals: true, tokens: true });
  const given: Given = {};
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") positionals.push(token.value);
    if (token.kind === "option") takeOption(grammar, given, { ...token, word: words[token.index]! });
  }
  return { given, positionals };
}

interface ParseOption {
  readonly type: "string" | "boolean";
  readonly short?: string;
}

/** The options in the form of util.parseArgs. */
function parseOptionsOf({ options, negations }: Grammar): Record<string, ParseOption> {
  const own = Object.entries(options).map(([name, { type, alias }]): [string, ParseOption] => [
    name,
    { type: type === "boolean" ? type : "string", ...(alias !== undefined && { short: alias }) },
  ]);
  return Object.fromEntries([...own, ...negations.map((name): [string, ParseOption] => [name, { type: "boolean" }])]);
}

interface Token {
  readonly name: string;
  readonly rawName: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
  readonly word: string;
}

function takeOption(grammar: Grammar, given: Given, token: Token): void {
  const { verb, options, negations } = grammar;
  const { name, rawName, value } = token;
  const isNegation = negations.includes(name);
  if (!isNegation && !Object.hasOwn(options, name)) throw unknownOption(grammar, token);
  const arg = isNegation ? undefined : options[name]!;
  if (arg !== undefined && arg.type !== "boolean") {
    given[name] = addValue(verb, arg, { before: given[name], token });
    return;
  }
  if (value !== undefined) throw usage(verb, `${rawName} takes no value`);
  const flag = isNegation ? name.slice("no-".length) : name;
  if (given[flag] === isNegation) throw usage(verb, `--${flag} and --no-${flag} do not go together`);
  given[flag] = !isNegation;
}

function addValue(verb: Verb, arg: OptionArg, { before, token }: { readonly before: Value | undefined; readonly token: Token }) {
  const { rawName, value, inlineValue } = token;
  if (value === undefined || (!inlineValue && looksLikeOption(value))) throw missingValue(verb, rawName, value);
  if (arg.type === "string" && arg.repeatable) return [...((before as string[] | undefined) ?? []), value];
  if (before !== undefined) throw usage(verb, `${rawName} is given twice`);
  return value;
}

function missingValue(verb: Verb, option: string, next: string | undefined): IapeerError {
  const hint = next === undefined || next === "--" ? undefined : `if ${next} is the value: ${option}=${next}`;
  return usage(verb, `${option} needs a value`, hint);
}

function unknownOption({ verb, options, negations }: Grammar, { rawName, word }: Token): IapeerError {
  const near = nearest(word.replace(/^--?/, "").replace(/=.*$/s, ""), [...Object.keys(options), ...negations]);
  return usage(verb, `${verb.meta.name} has no option ${rawName}`, near === undefined ? undefined : `did you mean --${near}?`);
}

function checkPositionals({ verb, positionals: wanted }: Grammar, given: readonly string[]): void {
  const missing = wanted.find(({ required }, index) => required !== false && given[index] === undefined);
  if (missing !== undefined) throw usage(verb, `${verb.meta.name} needs <${missing.name}> (${missing.description})`);
  const most = wanted.at(-1)?.repeatable ? Infinity : wanted.length;
  if (given.length > most) throw usage(verb, `${verb.meta.name} does not take ${JSON.stringify(given[most])}`);
  given.forEach((value, index) => {
    const { name, choices } = wanted[Math.min(index, wanted.length - 1)]!;
    if (value === "") throw usage(verb, `<${name}> is empty`);
    refuseOtherThan(verb, choices, value, `<${name}>`);
  });
}

function checkOptions({ verb, options }: Grammar, given: Readonly<Given>): void {
  for (const [name, arg] of Object.entries(options)) {
    const choices = arg.type === "enum" ? arg.options : undefined;
    if (arg.required && given[name] === undefined) throw missingOption(verb, name, arg);
    for (const value of [given[name]].flat()) {
      if (value === "" && !(arg.type === "string" && arg.mayBeEmpty)) throw usage(verb, `--${name} is empty`);
      refuseOtherThan(verb, choices, value, `--${name}`);
    }
  }
}

function missingOption(verb: Verb, name: string, arg: OptionArg): IapeerError {
  const hint = arg.type === "enum" ? `one of: ${arg.options.join(", ")}` : undefined;
  return usage(verb, `${verb.meta.name} needs --${name} (${arg.description})`, hint);
}

function refuseOtherThan(verb: Verb, choices: readonly string[] | undefined, value: unknown, name: string): void {
  if (choices === undefined || typeof value !== "string" || choices.includes(value)) return;
  const near = nearest(value, choices);
  const hint = near === undefined ? `one of: ${choices.join(", ")}` : `did you mean ${near}?`;
  throw usage(verb, `${name} does not take ${JSON.stringify(value)}`, hint);
}

function defaultsOf({ options }: Grammar): Given {
  const entries = Object.entries(options).map(
    ([name, arg]) => [name, arg.default ?? (arg.type === "boolean" ? false : undefined)] as const,
  );
  return Object.fromEntries(entries.filter((entry): entry is [string, string | boolean] => entry[1] !== undefined));
}

function namePositionals({ positionals }: Grammar, given: readonly string[]): Given {
  const entries = positionals.map(
    ({ name, repeatable }, index) => [name, repeatable ? given.slice(index) : given[index]] as const,
  );
  return Object.fromEntries(entries.filter((entry): entry is [string, string | string[]] => entry[1] !== undefined));
}
