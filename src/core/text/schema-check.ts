import * as v from "valibot";
import type { Checked } from "./fields.ts";

/**
 * A check by a valibot schema, for values that checkFields is too plain for. The reasons to refuse a value stand in one
 * line, each as `agents.0.name: is not an agent's name`.
 *
 * @param describe replaces the words of one reason.
 */
export function checkSchema<const S extends v.GenericSchema>(
  schema: S,
  describe: (issue: v.InferIssue<S>) => string = describeIssue,
): (value: unknown) => Checked<v.InferOutput<S>> {
  return (value) => {
    const parsed = v.safeParse(schema, value);
    if (parsed.success) return { ok: true, value: parsed.output };
    return { ok: false, why: parsed.issues.map(describe).join("; ") };
  };
}

function describeIssue(issue: v.BaseIssue<unknown>): string {
  return `${v.getDotPath(issue) ?? "it"}: ${issue.message}`;
}
