import type { IapeerError } from "../../model/errors.ts";
import type { Check } from "./types.ts";

type Row = (check: string, message: string, hint?: string) => Check;

const rowOf =
  (state: Check["state"]): Row =>
  (check, message, hint) => ({ check, state, message, ...(hint !== undefined && { hint }) });

export const good = rowOf("ok");
export const warning = rowOf("warning");
export const failure = rowOf("error");

/** A warning about what another command refuses: with the words, the code and the facts of the refusal. */
export function warningOf(check: string, { code, message, hint, details }: IapeerError): Check {
  return { ...warning(check, message, hint), code, ...(details !== undefined && { details }) };
}

/** The problems; where there are none, one row that says so. */
export function orGood(problems: readonly Check[], check: string, message: string): readonly Check[] {
  return problems.length > 0 ? problems : [good(check, message)];
}
