import { type ErrorCode, IapeerError } from "../../model/errors.ts";

/**
 * Why a row was not done, in words that a script can act on. `invalid`: what is declared cannot be; `missing`: something that it needs is
 * not there; `conflict`: somebody else has it; `live`: a session stands in the way; `busy`: another process is at it; `untrusted`: what is
 * stored cannot be trusted; `io`: a file could not be read or written; `runtime`: the agent's program; `tmux`; `provider`: its memory could
 * not be attached, and the row is done all the same; `service`: the service manager; `unreachable`: another host; `interrupted`;
 * `blocked`: a row that it waits for was not done; `bug`.
 */
export type Cause =
  | "invalid"
  | "missing"
  | "conflict"
  | "live"
  | "busy"
  | "untrusted"
  | "io"
  | "runtime"
  | "tmux"
  | "provider"
  | "service"
  | "unreachable"
  | "interrupted"
  | "blocked"
  | "bug";

interface Projection {
  readonly cause: Cause;
  /** Whether the same call may do it later, with nothing else changed. */
  readonly retryable: boolean;
}

const final = (cause: Cause): Projection => ({ cause, retryable: false });
const passing = (cause: Cause): Projection => ({ cause, retryable: true });

/** The cause of every error that there is: a new code does not compile before it has its row. */
const CAUSES = {
  "command-failed": final("service"),
  "write-failed": passing("io"),
  "read-failed": passing("io"),
  "slot-empty": final("missing"),
  "slot-declares-nothing": final("provider"),
  "slot-direction-missing": final("provider"),
  "launch-failed": passing("runtime"),
  "stop-failed": passing("runtime"),
  "send-failed": passing("tmux"),
  "host-unreachable": passing("unreachable"),
  "host-without-iapeer": final("unreachable"),
  "canary-failed": passing("tmux"),
  "tmux-missing": final("tmux"),
  "tmux-too-old": final("tmux"),
  "program-not-executable": final("runtime"),
  interrupted: passing("interrupted"),
  usage: final("invalid"),
  "unknown-command": final("invalid"),
  "invalid-name": final("invalid"),
  "invalid-value": final("invalid"),
  "message-invalid": final("invalid"),
  "death-ambiguous": final("invalid"),
  "fleet-invalid": final("invalid"),
  "sandbox-violation": final("invalid"),
  "socket-path-too-long": final("tmux"),
  "peer-not-found": final("missing"),
  "runtime-not-found": final("missing"),
  "file-not-found": final("missing"),
  "program-not-found": final("runtime"),
  "folder-not-found": final("missing"),
  "death-not-found": final("missing"),
  "agent-not-found": final("missing"),
  "fleet-not-applied": final("missing"),
  "peer-ambiguous": final("conflict"),
  "peer-conflict": final("conflict"),
  "folder-taken": final("conflict"),
  "peer-live": passing("live"),
  "peer-being-removed": passing("conflict"),
  "revision-conflict": passing("busy"),
  "peer-not-live": passing("live"),
  "stale-incarnation": final("live"),
  "sender-mismatch": final("conflict"),
  "lock-busy": passing("busy"),
  "fleet-exists": final("conflict"),
  "fleet-changed": passing("busy"),
  "fleet-policy": final("conflict"),
  "agent-exists": final("conflict"),
  "boot-units-taken": final("service"),
  "registry-corrupt": final("untrusted"),
  "registry-insecure": final("untrusted"),
  "profile-corrupt": final("untrusted"),
  "fleet-state-corrupt": final("untrusted"),
  "slot-insecure": final("untrusted"),
  "socket-folder-insecure": final("untrusted"),
  "launch-env-invalid": final("untrusted"),
  "launch-env-insecure": final("untrusted"),
  "runtime-invalid": final("untrusted"),
  "runtime-insecure": final("untrusted"),
  bug: final("bug"),
} as const satisfies Record<ErrorCode, Projection>;

/** The cause of anything thrown; what is not an IapeerError is a bug of ours. */
export function causeOf(error: unknown): Projection {
  return CAUSES[error instanceof IapeerError ? error.code : "bug"];
}
