import type { IapeerError } from "../../model/errors.ts";
import type { Problem } from "../../fleet/file/problems.ts";
import type { Colors } from "../colors.ts";
import { tame } from "../../model/characters.ts";

/** "fleet.yaml:4:3: error: what is wrong (its-code)", and what to do. */
export function renderProblem({ code, message, severity, file, line, column, hint }: Problem, colors: Colors): string[] {
  const word = severity === "error" ? colors.red("error") : colors.yellow("warning");
  const first = `${tame(file)}:${line}:${column}: ${word}: ${tame(message)} (${code})`;
  return hint === undefined ? [first] : [first, `  ${colors.dim("hint:")} ${tame(hint)}`];
}

/** "2 errors, 1 warning", or "no problems". */
export function countProblems(problems: readonly Problem[]): string {
  const words = (["error", "warning"] as const).flatMap((severity) => {
    const count = problems.filter((problem) => problem.severity === severity).length;
    return count === 0 ? [] : [`${count} ${severity}${count === 1 ? "" : "s"}`];
  });
  return words.length === 0 ? "no problems" : words.join(", ");
}

/** The problems that a `fleet-invalid` has in its details, a line or two each; nothing of any other error. */
export function explainInvalid(error: IapeerError, colors: Colors): string[] {
  const problems = error.code === "fleet-invalid" ? error.details?.["problems"] : undefined;
  return Array.isArray(problems) ? (problems as Problem[]).flatMap((problem) => renderProblem(problem, colors)) : [];
}
