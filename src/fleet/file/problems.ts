import { maskSecrets } from "./secrets.ts";
import { PROBLEM_SEVERITY } from "./severity.ts";
import type { FleetProblemCode, Problem } from "./types.ts";

/** The keys from the top: `["agents", 1, "runtime"]`. */
export type Path = readonly (string | number)[];

/** Something wrong, by its keys: at the key itself, at its value, or at an offset of the text. */
export interface Finding {
  readonly code: FleetProblemCode;
  readonly message: string;
  readonly path: Path;
  readonly at?: "key" | number;
  readonly hint?: string | undefined;
}

export interface Place {
  readonly line: number;
  readonly column: number;
}

/** A finding at its place. */
export function toProblem({ code, message, path, hint }: Finding, file: string, { line, column }: Place): Problem {
  return {
    code,
    message,
    severity: PROBLEM_SEVERITY[code],
    file,
    line,
    column,
    path: maskSecrets(path.join(".")),
    ...(hint !== undefined && { hint }),
  };
}

export function hasErrors(problems: readonly { readonly code: FleetProblemCode }[]): boolean {
  return problems.some(({ code }) => PROBLEM_SEVERITY[code] === "error");
}

/** Sorts problems by place, from the top. Problems at one place keep their order. */
export function inOrder(problems: readonly Problem[]): Problem[] {
  return problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
}

/** Returns true for a path that is another one or lies below it. */
export function isWithin(path: Path, above: Path): boolean {
  return above.length <= path.length && above.every((key, index) => key === path[index]);
}
