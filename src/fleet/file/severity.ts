export type Severity = "error" | "warning";

/** Every problem that a fleet file can have. With an error there is no fleet; a warning is only told. */
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
  "fleet-own-host": "warning",
  "fleet-policy": "error",
  "fleet-secret": "error",
} as const satisfies Readonly<Record<string, Severity>>;
