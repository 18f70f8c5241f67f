import { quoteForToml } from "../../core/text/quoting.ts";
import type { ModelWay, PromptWay, RuntimeWays } from "../../model/runtimes.ts";
import type { Unmet } from "./types.ts";

/** The wishes of the fleet for an agent. */
export interface Wish {
  readonly model?: string | undefined;
  /** The text that joins its system prompt. */
  readonly prompt: string;
  /** The file that holds that text, for a runtime that reads a file. */
  readonly promptFile: string;
}

/** The settings of the peer's own launch.env and of the call. They go before a wish. */
export interface Own {
  readonly args: readonly string[];
  /** The variables of launch.env. */
  readonly variables: Readonly<Record<string, string>>;
  /** The whole environment of the runtime. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The words and variables that carry the wishes. */
export interface Given {
  /** Arguments that stand between the program and the peer's own. */
  readonly args: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
  /** The model that the runtime starts with, as far as it can be told. */
  readonly model?: string;
  /** True when one of them reads promptFile. */
  readonly needsFile: boolean;
  /** The wishes that could not be passed on. */
  readonly left: readonly Unmet[];
}

const NOTHING: Given = { args: [], variables: {}, needsFile: false, left: [] };

/** Plans how a runtime is told the wishes. A runtime without a way to take a prompt gets none, and that is no unmet wish. */
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

/** The text of a JSON object with one more file in its `instructions`; undefined when the text is no such object. */
function mergeInstructions(text: string | undefined, file: string): string | undefined {
  try {
    const config: unknown = JSON.parse(text || "{}");
    if (typeof config !== "object" || config === null || Array.isArray(config)) return undefined;
    const before: unknown = (config as { readonly instructions?: unknown }).instructions ?? [];
    return Array.isArray(before) ? JSON.stringify({ ...config, instructions: [...(before as unknown[]), file] }) : undefined;
  } catch {
    // opencode also accepts comments there. Such a text is left alone, and the wish is unmet.
    return undefined;
  }
}

/** The value of the last of these options among arguments: `--model X`, `--model=X`, `-m X`, `-mX`; "" for an option without one. */
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

/** The value, without quotes, of a key that arguments set with `--config KEY=VALUE` or `-c`. */
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
