import { isAbsolute, join } from "node:path";
import { IapeerError } from "../../model/errors.ts";
import { whyNotExecutable } from "../../core/process/executable.ts";
import { type BuiltIn, findBuiltIn } from "../../model/runtimes.ts";
import { quoteForMessage } from "../../model/names.ts";
import { readVariable } from "../../core/variables.ts";
import type { Env, Layout } from "../../core/layout.ts";
import { readRuntimeDeclaration } from "./declaration.ts";
import type { RuntimeCommand } from "./types.ts";

/** A runtime, and where its program is looked for. */
export interface RuntimeQuery {
  readonly layout: Layout;
  readonly runtime: string;
  /** Holds PATH, and the variables that name the programs of built-in runtimes. */
  readonly env: Env;
}

/**
 * The words that start a runtime: those of its runtime.json, where it may have one; else the program of a built-in runtime; else
 * `<runtime>-runtime run`.
 *
 * @throws IapeerError `invalid-value`, `program-not-found`, `program-not-executable`, `runtime-invalid`, `runtime-insecure`, `read-failed`.
 */
export function resolveRuntimeCommand({ layout, runtime, env }: RuntimeQuery): RuntimeCommand {
  const builtIn = findBuiltIn(runtime);
  const path = join(layout.runtimesFolder, runtime, "runtime.json");
  const declared = builtIn?.isDeclarable === false ? undefined : readRuntimeDeclaration(path);
  if (declared !== undefined)
    return { argv: [checked(declared.command, `${path} names`, env), ...declared.args], ways: declared };
  if (builtIn !== undefined) return { argv: [resolveBuiltIn(builtIn, env)], ways: builtIn };
  const program = `${runtime}-runtime`;
  const hint = `put ${program} on PATH, or write ${path}: {"command": "/absolute/path", "args": []}`;
  return {
    argv: [findOnPath(program, env, { wanted: `the runtime ${runtime} needs`, hint }), "run"],
    ways: { heartbeat: "wrapper" },
  };
}

function resolveBuiltIn({ variable, program }: BuiltIn, env: Env): string {
  const named = readVariable(env, variable);
  const hint = `install ${program}, or set ${variable} to its absolute path`;
  if (named === undefined) return findOnPath(program, env, { wanted: `the runtime ${program} needs`, hint });
  if (isAbsolute(named)) return checked(named, `${variable} names`, env);
  return findOnPath(named, env, { wanted: `${variable} names`, hint });
}

function findOnPath(program: string, env: Env, { wanted, hint }: { wanted: string; hint: string }): string {
  const path = env["PATH"] ?? "";
  // A relative folder on PATH is another folder in the session than here.
  const absolute = path.split(":").filter(isAbsolute).join(":");
  const found = Bun.which(program, { PATH: absolute });
  if (found === null)
    throw notFound(`${wanted} the program ${quoteForMessage(program)}, which is not on PATH (${path || "empty"})`, {
      hint,
      program,
    });
  return checked(found, wanted, env);
}

function checked(program: string, wanted: string, env: Env): string {
  const why = whyNotExecutable(program, env);
  if (why === undefined) return program;
  if (why === `${program} does not exist`)
    throw notFound(`${wanted} ${program}, which does not exist`, { hint: "install it there, or name another program", program });
  throw new IapeerError("program-not-executable", `${wanted} a program that cannot be run: ${why}`, { details: { program } });
}

function notFound(message: string, { hint, program }: { hint: string; program: string }): IapeerError {
  return new IapeerError("program-not-found", message, { hint, details: { program } });
}
