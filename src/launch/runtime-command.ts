import { isAbsolute, join } from "node:path";
import * as v from "valibot";
import { IapeerError } from "../core/errors.ts";
import { whyNotExecutable } from "../core/executable.ts";
import { readTrusted } from "../core/files.ts";
import { parseStrictJson } from "../core/json.ts";
import { JsonProblem } from "../core/json-problem.ts";
import { quoteForMessage } from "../core/names.ts";
import type { Env, Layout } from "../core/paths.ts";

/** The runtimes that iapeer knows by itself: the variable that names their program, and its name on PATH. */
const BUILT_IN: Readonly<Record<string, { readonly variable: string; readonly program: string }>> = {
  claude: { variable: "IAPEER_CLAUDE_BIN", program: "claude" },
  codex: { variable: "IAPEER_CODEX_BIN", program: "codex" },
};

const MAX_BYTES = 65_536;

const noNul = v.check((text: string) => !text.includes("\0"), "holds a NUL character");
const runtimeSchema = v.object({
  command: v.pipe(v.string(), v.check(isAbsolute, "is not an absolute path"), noNul),
  args: v.optional(v.array(v.pipe(v.string(), noNul)), []),
});

export interface RuntimeQuery {
  readonly layout: Layout;
  readonly runtime: string;
  /** Where the built-ins' variables and PATH are looked for. */
  readonly env: Env;
}

/**
 * The argv that starts a runtime, its program an absolute path to something that can be run.
 *
 * @throws IapeerError `program-not-found`, `program-not-executable`, `runtime-invalid`, `runtime-insecure`, `read-failed`.
 */
export function resolveRuntimeCommand({ layout, runtime, env }: RuntimeQuery): string[] {
  const builtIn = Object.hasOwn(BUILT_IN, runtime) ? BUILT_IN[runtime] : undefined;
  if (builtIn !== undefined) return [resolveBuiltIn(builtIn, env)];
  const path = join(layout.runtimesFolder, runtime, "runtime.json");
  const declared = readRuntime(path);
  if (declared !== undefined) return [checked(declared.command, `${path} names`), ...declared.args];
  const program = `${runtime}-runtime`;
  const hint = `put ${program} on PATH, or write ${path}: {"command": "/absolute/path", "args": []}`;
  return [findOnPath(program, env, { wanted: `the runtime ${runtime} needs`, hint }), "run"];
}

function resolveBuiltIn({ variable, program }: { variable: string; program: string }, env: Env): string {
  const named = env[variable];
  const hint = `install ${program}, or set ${variable} to its absolute path`;
  if (!named) return findOnPath(program, env, { wanted: `the runtime ${program} needs`, hint });
  if (isAbsolute(named)) return checked(named, `${variable} names`);
  if (named.includes("/")) throw notFound(`${variable} is a relative path: ${quoteForMessage(named)}`, { hint: `set ${variable} to an absolute path`, program: named });
  return findOnPath(named, env, { wanted: `${variable} names`, hint });
}

function findOnPath(program: string, env: Env, { wanted, hint }: { wanted: string; hint: string }): string {
  const path = env["PATH"] ?? "";
  // A relative folder on PATH means another one in the session than here.
  const absolute = path.split(":").filter(isAbsolute).join(":");
  const found = Bun.which(program, { PATH: absolute });
  if (found === null) throw notFound(`${wanted} the program ${quoteForMessage(program)}, which is not on PATH (${path || "empty"})`, { hint, program });
  return checked(found, wanted);
}

function checked(program: string, wanted: string): string {
  const why = whyNotExecutable(program);
  if (why === undefined) return program;
  if (why === `${program} does not exist`) throw notFound(`${wanted} ${program}, which does not exist`, { hint: "install it there, or name another program", program });
  throw new IapeerError("program-not-executable", `${wanted} a program that cannot be run: ${why}`, { details: { program } });
}

function notFound(message: string, { hint, program }: { hint: string; program: string }): IapeerError {
  return new IapeerError("program-not-found", message, { hint, details: { program } });
}

function readRuntime(path: string): v.InferOutput<typeof runtimeSchema> | undefined {
  const bytes = readTrusted(path, { what: "the runtime's declaration", maxBytes: MAX_BYTES, unreadable: "runtime-invalid", insecure: "runtime-insecure" });
  if (bytes === undefined) return undefined;
  try {
    const parsed = v.safeParse(runtimeSchema, parseStrictJson(bytes));
    if (parsed.success) return parsed.output;
    throw new JsonProblem(parsed.issues.map((issue) => `${v.getDotPath(issue) ?? "the declaration"}: ${issue.message}`).join("; "));
  } catch (error) {
    if (!(error instanceof JsonProblem)) throw error;
    throw new IapeerError("runtime-invalid", `the runtime's declaration ${path}: ${error.message}`, {
      hint: 'it is {"command": "/absolute/path", "args": []}',
      details: { path },
    });
  }
}
