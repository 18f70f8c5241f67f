import { isAbsolute } from "node:path";
import * as v from "valibot";
import { IapeerError } from "../../model/errors.ts";
import { anyOf, CONTROLS } from "../../model/characters.ts";
import { readState, type StateFile, stateOf } from "../../core/disk/state-file.ts";
import { checkSchema } from "../../core/text/schema-check.ts";
import { nearest, quoteForMessage } from "../../model/names.ts";
import { findBuiltIn, type ModelWay, type PromptDeclaration, type PromptWay, type RuntimeWays } from "../../model/runtimes.ts";

/** The content of a runtime.json. */
export interface RuntimeDeclaration extends RuntimeWays {
  /** Absolute. */
  readonly command: string;
  readonly args: readonly string[];
  /** The prompt that messages are typed at. */
  readonly input?: PromptDeclaration;
}

const noNul = v.check((text: string) => !text.includes("\0"), "holds a NUL character");
const argument = v.pipe(v.string(), noNul);
const template = (word: string) =>
  v.optional(
    v.pipe(
      v.array(argument),
      v.check((args) => args.some((one) => one.includes(word)), `has no ${word} in it`),
    ),
  );

/** A prompt that is declared is trusted, so that it must say which it is. */
const MOST_SHOWN_SECS = 30;
const input = v.strictObject({
  sign: v.optional(
    v.pipe(
      v.string(),
      v.maxLength(80, "has more than 80 characters"),
      v.check((text) => !anyOf(CONTROLS).test(text), "holds a control character"),
    ),
  ),
  echo: v.optional(v.boolean(), true),
  shows_within_secs: v.optional(
    v.pipe(v.number(), v.minValue(1, "is less than 1"), v.maxValue(MOST_SHOWN_SECS, `is more than ${MOST_SHOWN_SECS}`)),
  ),
});
const prompt = v.pipe(input, v.transform(toPrompt));

const entries = {
  command: v.pipe(v.string(), v.check(isAbsolute, "is not an absolute path"), noNul),
  args: v.optional(v.array(argument), []),
  model_args: template("{model}"),
  prompt_args: template("{prompt}"),
  prompt: v.optional(prompt),
  heartbeat: v.optional(v.picklist(["own", "wrapper"], 'is neither "own" nor "wrapper"'), "wrapper"),
};
const schema = v.strictObject(entries);

const FILE = { what: "the runtime's declaration", unreadable: "runtime-invalid", insecure: "runtime-insecure" } as const;

const declarationFile: StateFile<RuntimeDeclaration> = {
  ...FILE,
  check: checkSchema(v.pipe(schema, v.transform(toDeclaration)), describe),
  explain: (path, why) =>
    new IapeerError("runtime-invalid", `the runtime's declaration ${path}: ${why}`, {
      hint: 'it is {"command": "/absolute/path", "args": []}, and may have model_args, prompt_args, prompt and heartbeat',
      details: { path },
    }),
};

/** The runtime.json of a runtime whose program is not declared there: it may say of the program how its prompt reads. */
const promptFile: StateFile<{ readonly input?: PromptDeclaration }> = {
  ...FILE,
  check: checkSchema(
    v.pipe(
      v.strictObject({ prompt: v.optional(prompt) }),
      v.transform(({ prompt: declared }) => (declared === undefined ? {} : { input: declared })),
    ),
    describe,
  ),
  explain: (path, why) =>
    new IapeerError("runtime-invalid", `the runtime's declaration ${path}: ${why}`, {
      hint: 'for a runtime that is built in it is {"prompt": {"sign": "> "}}, and holds nothing else',
      details: { path },
    }),
};

/**
 * The prompt that is declared in the runtime.json of a runtime; undefined when none is. For claude and codex that file holds nothing else.
 *
 * @throws IapeerError `runtime-invalid`, `runtime-insecure`, `read-failed`.
 */
export function readPromptDeclaration(path: string, runtime: string): PromptDeclaration | undefined {
  if (findBuiltIn(runtime)?.isDeclarable === false) return stateOf(readState(path, promptFile))?.input;
  return readRuntimeDeclaration(path)?.input;
}

/**
 * A runtime's declaration; undefined when there is none.
 *
 * @throws IapeerError `runtime-invalid`, `runtime-insecure`, `read-failed`.
 */
export function readRuntimeDeclaration(path: string): RuntimeDeclaration | undefined {
  return stateOf(readState(path, declarationFile));
}

function toDeclaration({
  command,
  args,
  model_args: model,
  prompt_args: text,
  prompt: declared,
  heartbeat,
}: v.InferOutput<typeof schema>): RuntimeDeclaration {
  return {
    command,
    args,
    ...(model !== undefined && { model: { args: model, options: optionsOf(model) } satisfies ModelWay }),
    ...(text !== undefined && { prompt: { by: "args", args: text, options: optionsOf(text) } satisfies PromptWay }),
    ...(declared !== undefined && { input: declared }),
    heartbeat,
  };
}

function toPrompt({ sign, echo, shows_within_secs: secs }: v.InferOutput<typeof input>): PromptDeclaration {
  return { echo, ...(sign !== undefined && { sign }), ...(secs !== undefined && { showsWithinMs: secs * 1000 }) };
}

/** `--model` of `--model {model}` and of `--model={model}`, `-m` of `-m{model}`. */
function optionsOf(args: readonly string[]): string[] {
  return args.map((one) => one.split(/[={]/)[0]!).filter((option) => /^--?[^-]/.test(option));
}

function describe(issue: v.InferIssue<typeof schema>): string {
  const path = v.getDotPath(issue) ?? "the declaration";
  if (issue.type !== "strict_object" || issue.expected !== "never") return `${path}: ${issue.message}`;
  const names = Object.keys(entries);
  const near = nearest(path, [...names, ...Object.keys(input.entries).map((name) => `prompt.${name}`)]);
  return `${quoteForMessage(path)} is not a key that is read here${near === undefined ? "" : `; did you mean ${near}?`}`;
}
