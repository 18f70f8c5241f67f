/** What one look at this host came to. A warning and an error each need a person; what is only good to know is `ok`. */
export interface Check {
  /** What was looked at: "tmux", "disk". */
  readonly check: string;
  readonly state: "ok" | "warning" | "error";
  readonly message: string;
  /** What to type, or to look at. */
  readonly hint?: string;
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
