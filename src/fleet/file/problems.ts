import { maskSecrets } from "./secrets.ts";

/** Everything that can be wrong with a fleet file. With an error there is no fleet; a warning is told and no more. */
export const PROBLEM_SEVERITY = {
  "fleet-unreadable": "error",
  "fleet-insecure": "error",
  "fleet-group-writable": "warning",
  "fleet-empty": "error",
  "fleet-syntax": "error",
  "fleet-alias": "error",
  "fleet-duplicate-key": "error",
  "fleet-unknown-key": "warning",
  "fleet-missing-key": "error",
  "fleet-wrong-type": "error",
  "fleet-version": "error",
  "fleet-invalid-name": "error",
  "fleet-invalid-value": "error",
  "fleet-unknown-runtime": "error",
  "fleet-unknown-class": "warning",
  "fleet-duplicate-agent": "error",
  "fleet-shared-folder": "error",
  "fleet-remote": "error",
  "fleet-policy": "error",
  "fleet-secret": "error",
} as const satisfies Record<string, "error" | "warning">;

export type FleetProblemCode = keyof typeof PROBLEM_SEVERITY;

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

/** Something wrong, by its place in the file; line and column are counted from 1. */
export interface Problem {
  readonly code: FleetProblemCode;
  readonly message: string;
  readonly severity: "error" | "warning";
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The keys from the top with dots between them; empty for the file as a whole. */
  readonly path: string;
  readonly hint?: string;
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

/** By place, from the top; what stands at one place stays in its order. */
export function inOrder(problems: readonly Problem[]): Problem[] {
  return problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
}

/** Whether a path is another one or lies below it. */
export function isWithin(path: Path, above: Path): boolean {
  return above.length <= path.length && above.every((key, index) => key === path[index]);
}
