import { join } from "node:path";
import type { Host } from "../../core/host.ts";
import type { Env, Layout } from "../../core/layout.ts";
import type { PromptDeclaration } from "../../model/runtimes.ts";
import { BEAT_EVERY_SECS, heartbeatWrapper } from "../heartbeat/heartbeat.ts";
import { resolveRuntimeCommand } from "./command.ts";
import { readPromptDeclaration } from "./declaration.ts";
import { readLaunchEnv } from "./launch-env.ts";
import type { FoundProgram, LaunchCommand, Member } from "./types.ts";
import { planGiven } from "./ways.ts";

/**
 * Finds the program of a runtime, with the additions of a folder's launch.env. It writes nothing, so it also tells whether a launch
 * could be done.
 *
 * @throws IapeerError `invalid-value`, `program-not-found`, `program-not-executable`, `runtime-invalid`, `runtime-insecure`, `launch-env-invalid`,
 *   `launch-env-insecure`, `read-failed`.
 */
export function findProgram(
  { cwd, runtime }: { readonly cwd: string; readonly runtime: string },
  { env, layout }: Pick<Host, "env" | "layout">,
): FoundProgram {
  const own = readLaunchEnv(cwd, runtime);
  return { ...own, program: resolveRuntimeCommand({ layout, runtime, env: { ...env, ...own.variables } }) };
}

/**
 * The prompt of a runtime's program, as its runtime.json declares it; undefined when none is declared.
 *
 * @throws IapeerError `runtime-invalid`, `runtime-insecure`, `read-failed`.
 */
export function readPrompt({ runtimesFolder }: Layout, runtime: string): PromptDeclaration | undefined {
  return readPromptDeclaration(join(runtimesFolder, runtime, "runtime.json"), runtime);
}

/** The facts that a command is planned from, beside the program. */
export interface CommandRequest {
  /** The start arguments of the call. They come last. */
  readonly args: readonly string[];
  /** The wishes of the fleet. The peer's own arguments and variables go before them. Left out: it is no agent of the fleet. */
  readonly member?: Member | undefined;
  /** The file for the prompt, for a runtime that reads one. */
  readonly promptFile: string;
  /** The environment of the call. */
  readonly env: Env;
}

/**
 * The command of a launch: the runtime's program, the model and the prompt of an agent of the fleet, the arguments of launch.env, and
 * those of the call. Pure.
 */
export function planCommand({ program, variables, startArgs }: FoundProgram, request: CommandRequest): LaunchCommand {
  const { args, member, promptFile, env } = request;
  const own = [...startArgs, ...args];
  if (member === undefined) return { argv: [...program.argv, ...own], wrapper: [], variables, needsFile: false, unmet: [] };
  const wish = { model: member.model, prompt: member.prompt, promptFile };
  const given = planGiven(program.ways, wish, { args: own, variables, env: { ...env, ...variables } });
  return {
    argv: [...program.argv, ...given.args, ...own],
    wrapper: program.ways.heartbeat === "wrapper" ? heartbeatWrapper(member.iapeer, BEAT_EVERY_SECS) : [],
    variables: { ...variables, ...given.variables },
    ...(given.model !== undefined && { model: given.model }),
    needsFile: given.needsFile,
    unmet: given.left,
  };
}
