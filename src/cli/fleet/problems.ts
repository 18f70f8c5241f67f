import { IapeerError } from "../../model/errors.ts";
import type { Problem } from "../../fleet/file/types.ts";
import { type Colors, createColors } from "../colors.ts";
import type { Output } from "../output.ts";
import { tame } from "../../model/characters.ts";

/** Renders a problem: "fleet.yaml:4:3: error: the problem (its-code)", and its hint. */
export function renderProblem({ code, message, severity, file, line, column, hint }: Problem, colors: Colors): string[] {
  const word = severity === "error" ? colors.red("error") : colors.yellow("warning");
  const first = `${tame(file)}:${line}:${column}: ${word}: ${tame(message)} (${code})`;
  return hint === undefined ? [first] : [first, `  ${colors.dim("hint:")} ${tame(hint)}`];
}

/** Renders the problems in the details of a `fleet-invalid`, a line or two each; nothing for any other error. */
export function explainInvalid(error: IapeerError, colors: Colors): string[] {
  const problems = error.code === "fleet-invalid" ? error.details?.["problems"] : undefined;
  return Array.isArray(problems) ? (problems as Problem[]).flatMap((problem) => renderProblem(problem, colors)) : [];
}

/** Tells a person the problems of a fleet file. With --json the result has them. */
export function tellProblems(problems: readonly Problem[], output: Output): void {
  if (!output.isJson) problems.flatMap((problem) => renderProblem(problem, createColors(false))).forEach(output.note);
}

/** Works with a fleet file. When the file is no fleet, a person is told every problem before the error. */
export async function withProblemsTold<T>(output: Output, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof IapeerError && !output.isJson) explainInvalid(error, createColors(false)).forEach(output.note);
    throw error;
  }
}
