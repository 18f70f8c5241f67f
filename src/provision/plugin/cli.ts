import * as v from "valibot";
import { type Outcome, Tail } from "../../core/process/command.ts";
import { readVariable } from "../../core/variables.ts";
import { describeErrno } from "../../model/errors.ts";
import { type AgenticRuntime, RUNTIMES } from "../../model/runtimes.ts";
import type { PluginBlock } from "../../status/slot/types.ts";
import type { ProvisionHost } from "../types.ts";

/** The states of a row in the older plugin form (contract 5). */
export type PluginState = "installed" | "enabled" | "already" | "removed" | "absent" | "runtime-missing" | "failed";

export interface PluginResult {
  readonly state: PluginState;
  readonly detail?: string;
}

export interface PluginContext extends Pick<ProvisionHost, "runner" | "env"> {
  readonly plugin: PluginBlock;
  /** Ends a running command; no further one starts. */
  readonly signal: AbortSignal;
}

/** The command line of one runtime, ready to be called. */
export interface PluginCli {
  /** Reads a list. An answer that does not fit the schema is a failed result. */
  read<T>(args: readonly string[], schema: v.GenericSchema<unknown, T>, folder?: string): Promise<Answer<T>>;
  /** Changes something. The result is undefined on success. */
  change(args: readonly string[], folder?: string): Promise<PluginResult | undefined>;
}

export type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly result: PluginResult };

const READ_TIMEOUT_MS = 60_000;
const CHANGE_TIMEOUT_MS = 120_000;
const STDOUT_BYTES = 4 * 1024 * 1024;

/** Finds the runtime's program, by the variable that names it or on the PATH of `env`. A missing one is a result. */
export function openCli(runtime: AgenticRuntime, context: PluginContext): PluginCli | PluginResult {
  const { program, variable } = RUNTIMES[runtime];
  const named = readVariable(context.env, variable) ?? program;
  const binary = named.includes("/") ? named : Bun.which(named, { PATH: context.env["PATH"] ?? "" });
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

interface CallOptions {
  readonly context: PluginContext;
  /** Default: the caller's folder. */
  readonly folder: string | undefined;
}

async function call(argv: readonly string[], timeoutMs: number, { context, folder }: CallOptions): Promise<Called> {
  const where = folder === undefined ? {} : { folder };
  try {
    return await context.runner.run({ argv, timeoutMs, stdoutBytes: STDOUT_BYTES, signal: context.signal, ...where });
  } catch (error) {
    // The folder may not be entered.
    return { outcome: { state: "failed", exitCode: null, signal: null, detail: describeErrno(error) }, stdout: "" };
  }
}

/** Both command lines report some failures on stdout only. */
function resultOf({ state, exitCode, signal, detail }: Called["outcome"], stdout: string): PluginResult {
  const tail = new Tail();
  tail.push(Buffer.from(stdout));
  const ended = signal === null ? `exit ${String(exitCode)}` : `ended by ${signal}`;
  return { state: state === "not-executable" ? "runtime-missing" : "failed", detail: detail ?? tail.text() ?? ended };
}

/** This many lines are tried as the first line of the JSON, since notices may be printed before it. */
const MAX_STARTS = 20;

/** The first JSON of the wanted shape in an answer. Text before and behind it is ignored. */
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
    // A notice in brackets; the JSON comes later.
    return undefined;
  }
}

const named = v.array(v.looseObject({ name: v.string() }));
/** claude lists an array, codex an object that holds one. */
const marketplacesSchema = v.union([
  named,
  v.pipe(
    v.looseObject({ marketplaces: named }),
    v.transform(({ marketplaces }) => marketplaces),
  ),
]);

/**
 * Adds the plugin's marketplace unless it is known. Both command lines install from known marketplaces only.
 *
 * @returns true when it was added just now, so that another try to install is worth it.
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
