import { parseArgs } from "node:util";
import { IapeerError } from "../core/errors.ts";
import { nearest } from "../core/names.ts";
import { type Call, COMMON_OPTIONS, type OptionSpecs, type Positional, type Verb } from "./verb.ts";

/** A command line, sorted out. */
export interface ParsedCall extends Call {
  readonly isJson: boolean;
  readonly wantsHelp: boolean;
  readonly root: string | undefined;
}

/** The verb that the words begin with, and the words after it. The longest name wins: "provider check". */
export function findVerb(verbs: readonly Verb[], words: readonly string[]): { verb: Verb; rest: readonly string[] } | undefined {
  for (const length of [2, 1]) {
    const name = words.slice(0, length).join(" ");
    const verb = verbs.find((candidate) => candidate.name === name);
    if (verb !== undefined && words.length >= length) return { verb, rest: words.slice(length) };
  }
  return undefined;
}

/**
 * Reads a verb's command line strictly.
 *
 * @throws IapeerError `usage`: an unknown option, a missing or superfluous argument, a value that is not one of the choices.
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
    checkChoices(verb, values, options);
  }
  return call;
}

function parseStrictly(verb: Verb, words: readonly string[], options: OptionSpecs) {
  try {
    return parseArgs({ args: [...words], options, strict: true, allowPositionals: true, allowNegative: false });
  } catch (error) {
    const unknown = /^Unknown option '(--?[^'=\s]+)/.exec((error as Error).message)?.[1];
    if (unknown !== undefined) throw unknownOption(verb, unknown, options);
    throw usage(verb, (error as Error).message.split(". ")[0]!.replace(/^Option '([^']*)'/, "option $1"));
  }
}

function unknownOption(verb: Verb, option: string, options: OptionSpecs): IapeerError {
  const near = nearest(option.replace(/^--?/, ""), Object.keys(options));
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
  wanted.forEach(({ choices, name }, index) => refuseOtherThan(verb, choices, given[index], name));
}

function describe({ name, help }: Positional): string {
  return `<${name}>: ${help}`;
}

function checkChoices(verb: Verb, values: Readonly<Record<string, unknown>>, options: OptionSpecs): void {
  for (const [name, { choices, multiple, type }] of Object.entries(options)) {
    const value = values[name];
    [value].flat().forEach((one) => refuseOtherThan(verb, choices, one, `--${name}`));
    if (type === "string" && !multiple && value === "" && name !== "description") throw usage(verb, `--${name} is empty`);
  }
}

function refuseOtherThan(verb: Verb, choices: readonly string[] | undefined, value: unknown, name: string): void {
  if (choices === undefined || typeof value !== "string" || choices.includes(value)) return;
  const near = nearest(value, choices);
  const hint = near === undefined ? `one of: ${choices.join(", ")}` : `did you mean ${near}?`;
  throw usage(verb, `${name} does not take ${JSON.stringify(value)}`, hint);
}

/** A whole number of an option, within bounds. */
export function parseCount(verb: Verb, name: string, text: string | undefined, bounds: { min: number; max: number }): number | undefined {
  if (text === undefined) return undefined;
  const value = /^[0-9]{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= bounds.min && value <= bounds.max) return value;
  throw usage(verb, `--${name} takes a whole number from ${bounds.min} to ${bounds.max}, not ${JSON.stringify(text)}`);
}
