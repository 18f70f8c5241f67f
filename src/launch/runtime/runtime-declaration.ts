import { isAbsolute } from "node:path";
import * as v from "valibot";
import { IapeerError } from "../../model/errors.ts";
import { readTrusted } from "../../core/disk/files.ts";
import { parseStrictJson } from "../../core/text/json.ts";
import { JsonProblem } from "../../core/text/json-problem.ts";
import { nearest, quoteForMessage } from "../../model/names.ts";
import type { ModelWay, PromptWay, RuntimeWays } from "./runtime-table.ts";

/** What a runtime.json says. */
export interface RuntimeDeclaration extends RuntimeWays {
  /** Absolute. */
  readonly command: string;
  readonly args: readonly string[];
}

const MAX_BYTES = 65_536;

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

/**
 * A runtime's declaration; undefined when there is none.
 *
 * @throws IapeerError `runtime-invalid`, `runtime-insecure`, `read-failed`.
 */
export function readRuntimeDeclaration(path: string): RuntimeDeclaration | undefined {
  const bytes = readTrusted(path, {
    what: "the runtime's declaration",
    maxBytes: MAX_BYTES,
    unreadable: "runtime-invalid",
    insecure: "runtime-insecure",
  });
  if (bytes === undefined) return undefined;
  try {
    const parsed = v.safeParse(schema, parseStrictJson(bytes));
    if (parsed.success) return toDeclaration(parsed.output);
    throw new JsonProblem(parsed.issues.map(describe).join("; "));
  } catch (error) {
    if (!(error instanceof JsonProblem)) throw error;
    throw new IapeerError("runtime-invalid", `the runtime's declaration ${path}: ${error.message}`, {
      hint: 'it is {"command": "/absolute/path", "args": []}, and may have model_args, prompt_args and heartbeat',
      details: { path },
    });
  }
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
