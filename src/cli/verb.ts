import type { BooleanArgDef, CommandDef, EnumArgDef, PositionalArgDef, StringArgDef } from "citty";
import type { Context } from "./context.ts";
import type { Completes } from "../app/completion.ts";

/** The fields of every option that are stricter than citty's. */
interface Described {
  readonly description: string;
  /** One letter: `-m` for `--message`. */
  readonly alias?: string;
}

/** A flag. `--no-<name>` switches off one that is on by default. */
export interface FlagArg extends Described, Omit<BooleanArgDef, keyof Described> {
  readonly type: "boolean";
}

/** An option with a value. */
export interface TextArg extends Described, Omit<StringArgDef, keyof Described> {
  readonly type: "string";
  readonly repeatable?: boolean;
  /** True when the empty value has a meaning, such as no description. */
  readonly mayBeEmpty?: boolean;
  readonly completes?: Completes;
}

/** An option with one of a few values. */
export interface ChoiceArg extends Described, Omit<EnumArgDef, keyof Described> {
  readonly type: "enum";
  readonly options: string[];
}

/** A word that is known by its place. Only the last one may be repeatable. */
export interface PositionalArg extends PositionalArgDef {
  readonly type: "positional";
  readonly description: string;
  readonly repeatable?: boolean;
  /** The words that it takes. */
  readonly choices?: readonly string[];
  readonly completes?: Completes;
}

export type OptionArg = FlagArg | TextArg | ChoiceArg;

/** The arguments of a verb: citty's ArgsDef, with fields for what citty has no field for. */
export type Args = Record<string, OptionArg | PositionalArg>;

/** The words after `--`. */
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

/** The values of a call by the names of its arguments. A flag that is not given has its default, else it is false. */
export type ArgValues<A extends Args> = {
  readonly [K in keyof A as IsAlwaysThere<A[K]> extends true ? K : never]: ValueOf<A[K]>;
} & {
  readonly [K in keyof A as IsAlwaysThere<A[K]> extends true ? never : K]?: ValueOf<A[K]>;
};

/** The checked values that a verb is called with. */
export interface Call<A extends Args = Args> {
  readonly args: ArgValues<A>;
  /** The words after `--`; empty for verbs that take none. */
  readonly rest: readonly string[];
}

interface Declaration {
  readonly meta: {
    /** One word or two: "provider check". */
    readonly name: string;
    /** One line. */
    readonly description: string;
  };
  /** More for the verb's own page of the help. Each line is a paragraph. */
  readonly details?: string;
  /** The words after `--`. Without it the verb takes none. */
  readonly rest?: RestArg;
  /** True: the verb makes the root that `--root` names. For any other verb it must be there. */
  readonly makesRoot?: boolean;
  readonly examples: readonly Example[];
}

interface VerbDef<A extends Args> extends Declaration {
  readonly args: A;
  /** Does the work, prints the result and returns the exit status. */
  readonly run: (call: Call<A>, context: Context) => Promise<number>;
}

/** The data that citty hands to the `run` of a verb. */
export interface VerbData {
  readonly call: Call;
  readonly context: Context;
}

/** A leaf of the command tree. citty runs it, and the help shows it. */
export interface Verb extends Declaration, Omit<CommandDef<Args>, keyof Declaration | "args" | "run" | "subCommands"> {
  readonly args: Args;
  readonly run: (context: { readonly data?: VerbData }) => Promise<number>;
}

/** Declares a verb. The call is typed by the arguments, and the common arguments are added. */
export function defineVerb<const A extends Args>({ run, args, ...declared }: VerbDef<A>): Verb {
  return {
    ...declared,
    args: { ...args, ...COMMON_ARGS },
    run: async ({ data }) => await run(data!.call as Call<A>, data!.context),
  };
}

/** Declares an option that several verbs share. Its type keeps the literals. */
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
