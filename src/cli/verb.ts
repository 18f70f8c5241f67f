import type { BooleanArgDef, CommandDef, EnumArgDef, PositionalArgDef, StringArgDef } from "citty";
import type { Context } from "./context.ts";
import type { Completes } from "../app/completion.ts";

/** What every argument has beside the words of citty. */
interface Described {
  readonly description: string;
  /** One letter: `-m` for `--message`. */
  readonly alias?: string;
}

/** A flag. One with `default: true` is taken back by `--no-<name>`. */
export interface FlagArg extends Described, Omit<BooleanArgDef, keyof Described> {
  readonly type: "boolean";
}

/** An option with a value. */
export interface TextArg extends Described, Omit<StringArgDef, keyof Described> {
  readonly type: "string";
  readonly repeatable?: boolean;
  /** An empty value is a value: no description. */
  readonly mayBeEmpty?: boolean;
  readonly completes?: Completes;
}

/** An option with one of a few values. */
export interface ChoiceArg extends Described, Omit<EnumArgDef, keyof Described> {
  readonly type: "enum";
  readonly options: string[];
}

/** A word at its place. The last one alone may be repeatable. */
export interface PositionalArg extends PositionalArgDef {
  readonly type: "positional";
  readonly description: string;
  readonly repeatable?: boolean;
  /** The words that are taken. */
  readonly choices?: readonly string[];
  readonly completes?: Completes;
}

export type OptionArg = FlagArg | TextArg | ChoiceArg;

/** The arguments of a verb: citty's ArgsDef, with our words for what citty has none for. */
export type Args = Record<string, OptionArg | PositionalArg>;

/** What follows `--`. */
export interface RestArg {
  readonly name: string;
  readonly description: string;
  readonly required?: boolean;
}

export interface Example {
  readonly command: string;
  readonly note: string;
}

type ValueOf<A> = A extends { type: "boolean" }
  ? boolean
  : A extends { repeatable: true }
    ? readonly string[]
    : A extends { options: (infer O)[] } | { choices: readonly (infer O)[] }
      ? O
      : string;

type IsAlwaysThere<A> = A extends { type: "positional" }
  ? A extends { required: false }
    ? false
    : true
  : A extends { type: "boolean" } | { required: true } | { default: unknown }
    ? true
    : false;

/** The values of a call by the names of its arguments. A flag that is not given is false, or what it is by default. */
export type ArgValues<A extends Args> = {
  readonly [K in keyof A as IsAlwaysThere<A[K]> extends true ? K : never]: ValueOf<A[K]>;
} & {
  readonly [K in keyof A as IsAlwaysThere<A[K]> extends true ? never : K]?: ValueOf<A[K]>;
};

/** What a verb was called with, checked. */
export interface Call<A extends Args = Args> {
  readonly args: ArgValues<A>;
  /** The words after `--`, for verbs that take them. */
  readonly rest: readonly string[];
}

interface Declaration {
  readonly meta: {
    /** One word or two: "provider check". */
    readonly name: string;
    /** One line. */
    readonly description: string;
  };
  /** More, for its own page of the help. A paragraph a line. */
  readonly details?: string;
  /** Without it the verb takes nothing after `--`. */
  readonly rest?: RestArg;
  readonly examples: readonly Example[];
}

interface VerbDef<A extends Args> extends Declaration {
  readonly args: A;
  /** Does it and prints it; the exit status. */
  readonly run: (call: Call<A>, context: Context) => Promise<number>;
}

/** What is handed to a verb's `run` through citty. */
export interface VerbData {
  readonly call: Call;
  readonly context: Context;
}

/** A leaf of the command tree, as citty runs it and the help shows it. */
export interface Verb extends Declaration, Omit<CommandDef<Args>, keyof Declaration | "args" | "run" | "subCommands"> {
  readonly args: Args;
  readonly run: (context: { readonly data?: VerbData }) => Promise<number>;
}

/** A verb whose call is typed by its arguments. The arguments of every verb are added. */
export function defineVerb<const A extends Args>({ run, args, ...declared }: VerbDef<A>): Verb {
  return {
    ...declared,
    args: { ...args, ...COMMON_ARGS },
    run: async ({ data }) => await run(data!.call as Call<A>, data!.context),
  };
}

/** An argument that several verbs share, with its type as it is written. */
export function defineArg<const A extends OptionArg>(arg: A): A {
  return arg;
}

/** The arguments of every verb. */
export const COMMON_ARGS = {
  json: { type: "boolean", description: "print JSON" },
  root: {
    type: "string",
    valueHint: "dir",
    description: "the root folder, instead of $IAPEER_ROOT or ~/.iapeer",
    completes: "folders",
  },
  help: { type: "boolean", alias: "h", description: "show this help" },
} as const satisfies Args;
