/** Every kind of difference from the declaration, in the order in which they are told. */
export const DRIFT_CODES = [
  "not-applied",
  "not-registered",
  "being-removed",
  "undeclared",
  "running-undeclared",
  "host-differs",
  "class-differs",
  "runtime-differs",
  "model-differs",
  "folder-differs",
  "persistence-differs",
  "socket-differs",
  "foreign-server",
  "unit-missing",
  "unit-unwanted",
  "unit-without-agent",
] as const;
