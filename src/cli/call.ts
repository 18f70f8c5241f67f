import { parseArgs } from "node:util";
import { IapeerError } from "../model/errors.ts";
import { nearest } from "../model/names.ts";
import { type Call, COMMON_OPTIONS, type OptionSpecs, type Positional, type Verb } from "./verb.ts";

/** A command line, sorted out. */
export interface ParsedCall extends Call {
  readonly isJson: boolean;
  readonly wantsHelp: boolean;
  readonly root: string | undefined;
}

/**
 * Reads a verb's command line strictly.
 *
 * @throws IapeerError `usage`: an unknown option, one that is given twice or without its value, a missing or superfluous
 * argument, a value that is not one of the choices.
 */
export function parseCall(verb: Verb, words: readonly string[]): ParsedCall {
  const options: OptionSpecs = { ...COMMON_OPTIONS, ...verb.options };
  const dashes = verb.rest === undefined ? -1 : words.indexOf("--");
  const own = dashes === -1 ? words : words.slice(0, dashes);
  const { values, positionals } = parseStrictly(verb, own, options);
  const { json, help, root, ...rest } = values as Record<string, string | boolean | string[] | undefined>;
  const call = {
    values: rest,
    positionals,
    rest: dashes === -1 ? [] : words.slice(dashes + 1),
    isJson: json === true,
    wantsHelp: help === true,
    root: root as string | undefined,
  } as ParsedCall;
  if (!call.wantsHelp) {
    checkPositionals(verb, call.positionals);
    checkValues(verb, values, options);
  }
  return call;
}

/** parseArgs' own strictness, with our words for what is wrong, and more of it. */
function parseStrictly(verb: Verb, words: readonly string[], options: OptionSpecs) {
  const args = joinDashedValues(words, options);
  checkOptions(verb, args, options);
  return parseArgs({ args, options, strict: true, allowPositionals: true, allowNegative: false });
}

/** `--description "- reads mail"`, `-m "- milk"`: a value that begins with a dash is a value, as with getopt, unless it looks like an option. */
function joinDashedValues(words: readonly string[], options: OptionSpecs): string[] {
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

function takesValue(word: string, options: OptionSpecs): boolean {
  if (!word.startsWith("--")) return Object.values(options).some(({ short, type }) => type === "string" && word === `-${short}`);
  const name = word.slice(2);
  return Object.hasOwn(options, name) && options[name]!.type === "string";
}

function looksLikeOption(word: string): boolean {
  return word === "--" || /^--?[a-z][\w-]*(=|$)/i.test(word);
}

function checkOptions(verb: Verb, args: string[], options: OptionSpecs): void {
  const { tokens } = parseArgs({ args, options, strict: false, allowPositionals: true, tokens: true });
  const seen = new Set<string>();
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    const { name, value, rawName, inlineValue } = token;
    if (!Object.hasOwn(options, name)) throw unknownOption(verb, { option: rawName, word: args[token.index]! }, options);
    const { type, multiple } = options[name]!;
    if (type === "boolean" && value !== undefined) throw usage(verb, `${rawName} takes no value`);
    if (type === "boolean") continue;
    if (value === undefined || (!inlineValue && looksLikeOption(value))) throw missingValue(verb, rawName, value);
    if (seen.has(name) && !multiple) throw usage(verb, `${rawName} is given twice`);
    seen.add(name);
  }
}

function missingValue(verb: Verb, option: string, next: string | undefined): IapeerError {
  const hint = next === undefined || next === "--" ? undefined : `if ${next} is the value: ${option}=${next}`;
  return usage(verb, `${option} needs a value`, hint);
}

function unknownOption(verb: Verb, { option, word }: { option: string; word: string }, options: OptionSpecs): IapeerError {
  const near = nearest(word.replace(/^--?/, "").replace(/=.*$/s, ""), Object.keys(options));
  return usage(verb, `${verb.name} has no option ${option}`, near === undefined ? undefined : `did you mean --${near}?`);
}

/** A call that is wrong, with the way to the verb's help. */
export function usage(verb: Verb, message: string, hint?: string): IapeerError {
  return new IapeerError("usage", message, { hint: hint ?? `see: iapeer ${verb.name} --help` });
}

function checkPositionals(verb: Verb, given: readonly string[]): void {
  const wanted = verb.positionals;
  const missing = wanted.find((positional, index) => !positional.isOptional && given[index] === undefined);
  if (missing !== undefined) throw usage(verb, `${verb.name} needs ${describe(missing)}`);
  const most = wanted.at(-1)?.isMany ? Infinity : wanted.length;
  if (given.length > most) throw usage(verb, `${verb.name} does not take ${JSON.stringify(given[most])}`);
  given.forEach((value, index) => {
    const { name, choices } = wanted[Math.min(index, wanted.length - 1)]!;
    if (value === "") throw usage(verb, `<${name}> is empty`);
    refuseOtherThan(verb, choices, value, `<${name}>`);
  });
}

function describe({ name, help }: Positional): string {
  return `<${name}> (${help})`;
}

function checkValues(verb: Verb, values: Readonly<Record<string, unknown>>, options: OptionSpecs): void {
  for (const [name, { choices, mayBeEmpty }] of Object.entries(options)) {
    for (const one of [values[name]].flat()) {
      if (one === "" && !mayBeEmpty) throw usage(verb, `--${name} is empty`);
      refuseOtherThan(verb, choices, one, `--${name}`);
    }
  }
}

function refuseOtherThan(verb: Verb, choices: readonly string[] | undefined, value: unknown, name: string): void {
  if (choices === undefined || typeof value !== "string" || choices.includes(value)) return;
  const near = nearest(value, choices);
  const hint = near === undefined ? `one of: ${choices.join(", ")}` : `did you mean ${near}?`;
  throw usage(verb, `${name} does not take ${JSON.stringify(value)}`, hint);
}

export interface Bounds {
  readonly min: number;
  readonly max: number;
}

/** A whole number of an option, within bounds. */
export function parseCount(verb: Verb, name: string, text: string | undefined, { min, max }: Bounds): number | undefined {
  if (text === undefined) return undefined;
  const value = /^[0-9]{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  const range = max === Number.MAX_SAFE_INTEGER ? `${min} or more` : `${min} to ${max}`;
  throw usage(verb, `--${name} takes a whole number, ${range}, not ${JSON.stringify(text)}`);
}
