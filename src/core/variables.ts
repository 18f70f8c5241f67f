import { anyOf, CONTROLS } from "../model/characters.ts";
import { IapeerError } from "../model/errors.ts";
import { quoteForMessage } from "../model/names.ts";
import { findForeignSyntax } from "../model/path-words.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** The values that a variable may have. */
interface Variable<T> {
  /** Returns undefined for a text that is no value. */
  readonly parse: (text: string) => T | undefined;
  /** The kind of a value, behind "is not". */
  readonly kind: string;
  readonly hint?: string;
}

const CONTROL = anyOf([...CONTROLS, "replacement"]);

/** An absolute path was written out already, whatever characters its folders have. */
const isPath = (text: string) => !CONTROL.test(text) && (text.startsWith("/") || findForeignSyntax(text) === undefined);

const path: Variable<string> = {
  parse: (text) => (isPath(text) ? text : undefined),
  kind: "a path",
  hint: "no shell reads it: write it out, in UTF-8 without control characters; ~/… is your home",
};

const program: Variable<string> = {
  parse: (text) => (isPath(text) && (text.startsWith("/") || !/[/~]/.test(text)) ? text : undefined),
  kind: "a program",
  hint: "an absolute path, or a name to find on PATH",
};

const remoteProgram: Variable<string> = {
  parse: (text) => (/^(?:~\/|\/)?[A-Za-z0-9_.][A-Za-z0-9_./-]*$/.test(text) ? text : undefined),
  kind: "a program that a shell of another host can be told",
  hint: "a path or a name of letters, digits, dots, dashes and underscores; ~/ stands for the home there",
};

const number = (pattern: RegExp, kind: string): Variable<number> => ({
  parse: (text) => (pattern.test(text) ? Number(text) : undefined),
  kind,
});

const flag: Variable<boolean> = {
  parse: (text) => (text === "1" ? true : text === "0" ? false : undefined),
  kind: "1 or 0",
};

/** Every variable that iapeer reads, and how. One that is empty counts as not set. */
export const VARIABLES = {
  IAPEER_ROOT: path,
  IAPEER_SOCK_DIR: path,
  IAPEER_FLEET: path,
  IAPEER_CLAUDE_BIN: program,
  IAPEER_CODEX_BIN: program,
  IAPEER_PI_BIN: program,
  IAPEER_OPENCODE_BIN: program,
  IAPEER_REMOTE_BIN: remoteProgram,
  IAPEER_LOCK_TIMEOUT_MS: number(/^[0-9]{1,9}$/, "a number of milliseconds"),
  IAPEER_CANARY_GRACE_MS: number(/^[0-9]{1,6}$/, "a number of milliseconds below a million"),
  IAPEER_LIFECYCLE_LOG_MAX_BYTES: number(/^[1-9][0-9]{0,14}$/, "a number of bytes, 1 or more"),
  IAPEER_LIFECYCLE_LOG_KEEP: number(/^[1-9][0-9]{0,2}$/, "a number of logs, 1 to 999"),
  IAPEER_TEST_SANDBOX: flag,
} as const satisfies Readonly<Record<string, Variable<unknown>>>;

type Name = keyof typeof VARIABLES;
type ValueOf<N extends Name> = NonNullable<ReturnType<(typeof VARIABLES)[N]["parse"]>>;

/**
 * The value of a variable; undefined where it is not set, or empty.
 *
 * @throws IapeerError `invalid-value`: its text is no value.
 */
export function readVariable<N extends Name>(env: Environment, name: N): ValueOf<N> | undefined {
  const text = env[name];
  if (!text) return undefined;
  const { parse, kind, hint }: Variable<unknown> = VARIABLES[name];
  const value = parse(text);
  if (value !== undefined) return value as ValueOf<N>;
  throw new IapeerError("invalid-value", `${name} is not ${kind}: ${quoteForMessage(text)}`, {
    ...(hint !== undefined && { hint }),
    details: { variable: name },
  });
}

/** Throws IapeerError `invalid-value` for the first variable whose text is no value. */
export function refuseWrongVariables(env: Environment): void {
  for (const name of Object.keys(VARIABLES) as Name[]) readVariable(env, name);
}
