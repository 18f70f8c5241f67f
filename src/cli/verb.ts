import type { Context } from "../app/app.ts";

/** What of this host completes a word in a shell. */
export type Completes = "peers" | "runtimes" | "folders" | "files";

/** An option as util.parseArgs takes it, with what a person needs to know of it. */
export interface OptionSpec {
  readonly type: "string" | "boolean";
  readonly multiple?: boolean;
  readonly short?: string;
  /** The name of its value in the help: "DIR". */
  readonly value?: string;
  readonly help: string;
  /** The values it takes, for completion and for the check. */
  readonly choices?: readonly string[];
  /** An empty value says something: no description. */
  readonly mayBeEmpty?: boolean;
  /** What completes it in a shell. */
  readonly completes?: Completes;
}

export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

export interface Positional {
  readonly name: string;
  readonly help: string;
  readonly isOptional?: boolean;
  /** Takes one or more. Only the last one may. */
  readonly isMany?: boolean;
  readonly choices?: readonly string[];
  readonly completes?: Completes;
}

export interface Example {
  readonly command: string;
  readonly note: string;
}

/** What a verb was called with, checked. */
export interface Call<O extends OptionSpecs = OptionSpecs> {
  readonly values: { readonly [K in keyof O]?: OptionValue<O[K]> };
  readonly positionals: readonly string[];
  /** What stands after `--`, for verbs that take it. */
  readonly rest: readonly string[];
}

type OptionValue<S extends OptionSpec> = S["type"] extends "boolean" ? boolean : S["multiple"] extends true ? string[] : string;

export interface Verb<O extends OptionSpecs = OptionSpecs> {
  /** One word or two: "provider check". */
  readonly name: string;
  /** One line. */
  readonly summary: string;
  /** More, for its own help. */
  readonly description?: string;
  readonly options: O;
  readonly positionals: readonly Positional[];
  /** What follows `--`; without it the verb takes nothing there. */
  readonly rest?: { readonly name: string; readonly help: string };
  readonly examples: readonly Example[];
  /** Does it and prints it; the exit status. */
  run(call: Call<O>, context: Context): Promise<number>;
}

/** A verb whose call is typed by its options. */
export function defineVerb<const O extends OptionSpecs>(verb: Verb<O>): Verb {
  return verb;
}

/** The options of every verb. */
export const COMMON_OPTIONS = {
  json: { type: "boolean", help: "print JSON" },
  root: {
    type: "string",
    value: "DIR",
    help: "the root folder, in the place of $IAPEER_ROOT or ~/.iapeer",
    completes: "folders",
  },
  help: { type: "boolean", short: "h", help: "show this help" },
} as const satisfies OptionSpecs;
