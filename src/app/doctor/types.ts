import type { ErrorCode } from "../../model/errors.ts";

/** The result of one look at this host. A warning and an error each need a person; a fact that is only good to know is `ok`. */
export interface Check {
  /** The thing that was looked at: "tmux", "disk". */
  readonly check: string;
  readonly state: "ok" | "warning" | "error";
  readonly message: string;
  /** The command to type, or the thing to look at. */
  readonly hint?: string;
  /** The code that the other commands refuse with, where there is one. */
  readonly code?: ErrorCode;
  /** The findings, for a program. */
  readonly details?: Readonly<Record<string, unknown>>;
}

export interface DoctorRequest {
  /** Launch sessions in a throw-away root too, and end them in every way. */
  readonly isSelfTested: boolean;
}

/** As `doctor --json` prints it. */
export interface DoctorReport {
  readonly ok: boolean;
  readonly checks: readonly Check[];
  /** Empty without the self-test. */
  readonly self_test: readonly Check[];
}
