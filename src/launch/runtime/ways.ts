import { quoteForToml } from "../../core/text/quoting.ts";
import type { ModelWay, PromptWay, RuntimeWays } from "../../model/runtimes.ts";

/** What an agent is to be started with. */
export interface Wish {
  readonly model?: string | undefined;
  /** The text that joins its system prompt. */
  readonly prompt: string;
  /** Where that text can be read, for runtimes that take a file. */
  readonly promptFile: string;
}

/** What the peer's own launch.env and the call say already. It goes before a wish. */
export interface Own {
  readonly args: readonly string[];
  /** What launch.env sets. */
  readonly variables: Readonly<Record<string, string>>;
  /** Everything that the runtime will have around it. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface Given {
  /** They go between the program and the peer's own arguments. */
  readonly args: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
  /** What it is started with, as far as that can be told. */
  readonly model?: string;
  /** Whether something of this reads promptFile. */
  readonly needsFile: boolean;
  /** What could not be passed on, and why. */
  readonly left: readonly Left[];
}

export interface Left {
  readonly what: "model" | "prompt";
  /** "this runtime does not say how it takes a model" */
  readonly why: string;
}

const NOTHING: Given = { args: [], variables: {}, needsFile: false, left: [] };

/** How a runtime is given its wish. A runtime that takes no prompt gets none, without a word. */
export function planGiven({ model: modelWay, prompt: promptWay }: RuntimeWays, wish: Wish, own: Own): Given {
  const model = wish.model === undefined ? NOTHING : giveModel(modelWay, wish.model, own);
  const prompt = promptWay === undefined ? NOTHING : givePrompt(promptWay, wish, own);
  return {
    ...prompt,
    ...model,
    args: [...model.args, ...prompt.args],
    variables: prompt.variables,
    needsFile: prompt.needsFile,
    left: [...model.left, ...prompt.left],
  };
}

function giveModel(way: ModelWay | undefined, model: string, { args, variables }: Own): Given {
  if (way === undefined) return { ...NOTHING, left: [{ what: "model", why: "its runtime does not say how it takes a model" }] };
  const chosen = findOption(args, way.options) ?? (way.setting === undefined ? undefined : findSetting(args, way.setting));
  const named = chosen ?? (way.variable === undefined ? undefined : variables[way.variable] || undefined);
  if (named !== undefined) return { ...NOTHING, model: named };
  return { ...NOTHING, args: way.args.map((arg) => arg.replaceAll("{model}", () => model)), model };
}

function givePrompt(way: PromptWay, { prompt, promptFile }: Wish, { args, env }: Own): Given {
  const left = (why: string): Given => ({ ...NOTHING, left: [{ what: "prompt", why }] });
  switch (way.by) {
    case "args": {
      const taken = way.options.find((option) => findOption(args, [option]) !== undefined);
      if (taken !== undefined) return left(`it has ${taken} of its own`);
      return { ...NOTHING, args: way.args.map((arg) => arg.replaceAll("{prompt}", () => prompt)) };
    }
    case "setting":
      if (findSetting(args, way.key) !== undefined) return left(`it has ${way.key} of its own`);
      return { ...NOTHING, args: ["--config", `${way.key}=${quoteForToml(prompt)}`] };
    case "instructions": {
      const merged = mergeInstructions(env[way.variable], promptFile);
      if (merged === undefined) return left(`its ${way.variable} is no JSON object with a list of instructions`);
      return { ...NOTHING, variables: { [way.variable]: merged }, needsFile: true };
    }
  }
}

/** One more file in the `instructions` of a JSON object; undefined where the text is no such object. */
function mergeInstructions(text: string | undefined, file: string): string | undefined {
  try {
    const config: unknown = JSON.parse(text || "{}");
    if (typeof config !== "object" || config === null || Array.isArray(config)) return undefined;
    const before: unknown = (config as { readonly instructions?: unknown }).instructions ?? [];
    return Array.isArray(before) ? JSON.stringify({ ...config, instructions: [...(before as unknown[]), file] }) : undefined;
  } catch {
    // opencode also takes comments in it; whose they are, is told and left alone.
    return undefined;
  }
}

/** The value of the last of these options among arguments: `--model X`, `--model=X`, `-m X`, `-mX`. "" where it has none. */
export function findOption(args: readonly string[], options: readonly string[]): string | undefined {
  const values = args.flatMap((arg, index) => options.flatMap((option) => valueOf(option, arg, args[index + 1]) ?? []));
  return values.at(-1);
}

function valueOf(option: string, arg: string, next: string | undefined): string | undefined {
  if (arg === option) return next ?? "";
  if (arg.startsWith(`${option}=`)) return arg.slice(option.length + 1);
  const isShort = /^-[^-]$/.test(option);
  return isShort && arg.startsWith(option) ? arg.slice(option.length) : undefined;
}

/** The value of a key that arguments set with `--config KEY=VALUE` or `-c`, without its quotes. */
function findSetting(args: readonly string[], key: string): string | undefined {
  const settings = args.flatMap((arg, index) =>
    ["--config", "-c"].flatMap((option) => valueOf(option, arg, args[index + 1]) ?? []),
  );
  const found = settings.findLast((setting) => setting.split("=")[0]!.trim() === key);
  return found
    ?.slice(found.indexOf("=") + 1)
    .trim()
    .replace(/^(["'])(?<inner>.*)\1$/s, "$<inner>");
}
