import { isAbsolute } from "node:path";
import * as v from "valibot";
import { IapeerError } from "../../model/errors.ts";
import { readState, type StateFile, stateOf } from "../../core/disk/state-file.ts";
import { checkSchema } from "../../core/text/schema-check.ts";
import { nearest, quoteForMessage } from "../../model/names.ts";
import type { ModelWay, PromptWay, RuntimeWays } from "../../model/runtimes.ts";

/** The content of a runtime.json. */
export interface RuntimeDeclaration extends RuntimeWays {
  /** Absolute. */
  readonly command: string;
  readonly args: readonly string[];
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

const entries = {
  command: v.pipe(v.string(), v.check(isAbsolute, "is not an absolute path"), noNul),
  args: v.optional(v.array(argument), []),
  model_args: template("{model}"),
  prompt_args: template("{prompt}"),
  heartbeat: v.optional(v.picklist(["own", "wrapper"], 'is neither "own" nor "wrapper"'), "wrapper"),
};
const schema = v.strictObject(entries);

const declarationFile: StateFile<RuntimeDeclaration> = {
  what: "the runtime's declaration",
  unreadable: "runtime-invalid",
  insecure: "runtime-insecure",
  check: checkSchema(v.pipe(schema, v.transform(toDeclaration)), describe),
  explain: (path, why) =>
    new IapeerError("runtime-invalid", `the runtime's declaration ${path}: ${why}`, {
      hint: 'it is {"command": "/absolute/path", "args": []}, and may have model_args, prompt_args and heartbeat',
      details: { path },
    }),
};

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
  prompt_args: prompt,
  heartbeat,
}: v.InferOutput<typeof schema>): RuntimeDeclaration {
  return {
    command,
    args,
    ...(model !== undefined && { model: { args: model, options: optionsOf(model) } satisfies ModelWay }),
    ...(prompt !== undefined && { prompt: { by: "args", args: prompt, options: optionsOf(prompt) } satisfies PromptWay }),
    heartbeat,
  };
}

/** `--model` of `--model {model}` and of `--model={model}`, `-m` of `-m{model}`. */
function optionsOf(args: readonly string[]): string[] {
  return args.map((one) => one.split(/[={]/)[0]!).filter((option) => /^--?[^-]/.test(option));
}

function describe(issue: v.InferIssue<typeof schema>): string {
  const path = v.getDotPath(issue) ?? "the declaration";
  if (issue.type !== "strict_object" || issue.expected !== "never") return `${path}: ${issue.message}`;
  const near = nearest(path, Object.keys(entries));
  return `${quoteForMessage(path)} is not a key that is read here${near === undefined ? "" : `; did you mean ${near}?`}`;
}
