import { resolve } from "node:path";
import * as v from "valibot";
import { type Outcome, Tail } from "../core/process/command.ts";
import { describeErrno } from "../model/errors.ts";
import { type AgenticRuntime, RUNTIMES } from "../model/runtimes.ts";
import type { Env } from "../core/layout.ts";
import type { Runner } from "../core/process/runner.ts";
import type { PluginBlock } from "../status/slot/types.ts";

/** What a row of the older plugin form says (contract 5). */
export type PluginState = "installed" | "enabled" | "already" | "removed" | "absent" | "runtime-missing" | "failed";

export interface PluginResult {
  readonly state: PluginState;
  readonly detail?: string;
}

export interface PluginContext {
  readonly plugin: PluginBlock;
  readonly runner: Runner;
  readonly env: Env;
  readonly signal?: AbortSignal;
}

/** One runtime's own CLI, ready to be called. */
export interface PluginCli {
  /** What it lists; a wrong answer is a result that says so. */
  read<T>(args: readonly string[], schema: v.GenericSchema<unknown, T>, folder?: string): Promise<Answer<T>>;
  /** undefined when it did what was asked. */
  change(args: readonly string[], folder?: string): Promise<PluginResult | undefined>;
}

export type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly result: PluginResult };

const READ_TIMEOUT_MS = 60_000;
const CHANGE_TIMEOUT_MS = 120_000;
const STDOUT_BYTES = 4 * 1024 * 1024;

/** The plugin's id for both CLIs. */
export function pluginId({ name, marketplace }: PluginBlock): string {
  return `${name}@${marketplace}`;
}

/** The runtime's program: the one the environment names, else from its PATH; or a result that says it is missing. */
export function openCli(runtime: AgenticRuntime, context: PluginContext): PluginCli | PluginResult {
  const { program, variable } = RUNTIMES[runtime];
  const named = context.env[variable] || program;
  const binary = named.includes("/") ? resolve(named) : Bun.which(named, { PATH: context.env["PATH"] ?? "" });
  if (binary === null) return { state: "runtime-missing", detail: `${named} is not on PATH; ${variable} can name it` };
  return {
    read: async (args, schema, folder) => {
      const { outcome, stdout } = await call([binary, ...args], READ_TIMEOUT_MS, { context, folder });
      if (outcome.state !== "ok") return { ok: false, result: resultOf(outcome, stdout) };
      const value = parseAnswer(stdout, schema);
      if (value !== undefined) return { ok: true, value };
      return {
        ok: false,
        result: { state: "failed", detail: `${runtime} ${args.join(" ")} did not answer with the JSON that iapeer knows` },
      };
    },
    change: async (args, folder) => {
      const { outcome, stdout } = await call([binary, ...args], CHANGE_TIMEOUT_MS, { context, folder });
      return outcome.state === "ok" ? undefined : resultOf(outcome, stdout);
    },
  };
}

interface Called {
  readonly outcome: Pick<Outcome, "state" | "exitCode" | "signal" | "detail">;
  readonly stdout: string;
}

async function call(
  argv: readonly string[],
  timeoutMs: number,
  { context, folder }: { readonly context: PluginContext; readonly folder: string | undefined },
): Promise<Called> {
  const options = { ...(folder !== undefined && { folder }), ...(context.signal !== undefined && { signal: context.signal }) };
  try {
    return await context.runner.run({ argv, timeoutMs, stdoutBytes: STDOUT_BYTES, ...options });
  } catch (error) {
    // A folder that may not be entered.
    return { outcome: { state: "failed", exitCode: null, signal: null, detail: describeErrno(error) }, stdout: "" };
  }
}

/** Both CLIs tell some failures on stdout only. */
function resultOf({ state, exitCode, signal, detail }: Called["outcome"], stdout: string): PluginResult {
  const tail = new Tail();
  tail.push(Buffer.from(stdout));
  const ended = signal === null ? `exit ${String(exitCode)}` : `ended by ${signal}`;
  return { state: state === "not-executable" ? "runtime-missing" : "failed", detail: detail ?? tail.text() ?? ended };
}

/** Where the JSON may begin: the first line, or after notices that were printed before it. */
const MAX_STARTS = 20;

/** The first JSON in an answer that is of the wanted shape; what is printed before and behind it does not matter. */
export function parseAnswer<T>(stdout: string, schema: v.GenericSchema<unknown, T>): T | undefined {
  const starts = [...stdout.matchAll(/^[ \t]*[[{]/gm)].slice(0, MAX_STARTS);
  for (const { index, 0: opening } of starts) {
    const end = stdout.lastIndexOf(opening.endsWith("[") ? "]" : "}") + 1;
    const parsed = v.safeParse(schema, parseJson(stdout.slice(index, end)));
    if (parsed.success) return parsed.output;
  }
  return undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A notice in brackets: the JSON comes later.
    return undefined;
  }
}

const named = v.array(v.looseObject({ name: v.string() }));
/** claude lists an array, codex an object with one. */
const marketplacesSchema = v.union([
  named,
  v.pipe(
    v.looseObject({ marketplaces: named }),
    v.transform(({ marketplaces }) => marketplaces),
  ),
]);

/**
 * Makes the plugin's marketplace known where it is not; both CLIs install from known ones only.
 * True when it was added just now, so that installing is worth another try.
 */
export async function addMarketplace(
  cli: PluginCli,
  { marketplace, marketplaceRef }: PluginBlock,
  folder?: string,
): Promise<boolean> {
  if (marketplaceRef === undefined) return false;
  const known = await cli.read(["plugin", "marketplace", "list", "--json"], marketplacesSchema, folder);
  if (known.ok && known.value.some(({ name }) => name === marketplace)) return false;
  return (await cli.change(["plugin", "marketplace", "add", marketplaceRef], folder)) === undefined;
}
