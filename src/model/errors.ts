/**
 * Why something was not done, in one word that a script can act on.
 *
 * - `invalid`: the call or the declaration is wrong; `missing`: something that it needs is not there; `conflict`: another peer has it.
 * - `live`: a session stands in the way; `busy`: another process holds it; `untrusted`: what is stored cannot be trusted.
 * - `io`: a file could not be read or written; `runtime`: the agent's program; `tmux`; `provider`: memory could not be attached.
 * - `service`: the service manager; `unreachable`: another host; `interrupted`; `blocked`: a row before it was not done; `bug`.
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

/** What a program may know of an error beside its code. */
export interface ErrorRow {
  /** 1 tried and failed, 2 the call is wrong, 3 no such thing, 4 conflict, 5 stored data cannot be trusted, 6 timed out, 70 a bug. */
  readonly exit: number;
  readonly cause: Cause;
  /** Whether the same call may succeed later, with nothing else changed. */
  readonly retryable: boolean;
}

const final = (exit: number, cause: Cause): ErrorRow => ({ exit, cause, retryable: false });
const passing = (exit: number, cause: Cause): ErrorRow => ({ exit, cause, retryable: true });

/** Every way iapeer can refuse or fail. A new code is one row here and one line in docs/errors.md, which a test compares. */
export const ERRORS = {
  "command-failed": final(1, "service"),
  "write-failed": passing(1, "io"),
  "read-failed": passing(1, "io"),
  "slot-empty": final(1, "missing"),
  "slot-declares-nothing": final(1, "provider"),
  "slot-direction-missing": final(1, "provider"),
  "launch-failed": passing(1, "runtime"),
  "stop-failed": passing(1, "runtime"),
  "send-failed": passing(1, "tmux"),
  "host-unreachable": passing(1, "unreachable"),
  "host-without-iapeer": final(1, "unreachable"),
  "canary-failed": passing(1, "tmux"),
  "tmux-missing": final(1, "tmux"),
  "tmux-too-old": final(1, "tmux"),
  "program-not-executable": final(1, "runtime"),
  interrupted: passing(1, "interrupted"),
  usage: final(2, "invalid"),
  "unknown-command": final(2, "invalid"),
  "invalid-name": final(2, "invalid"),
  "invalid-value": final(2, "invalid"),
  "message-invalid": final(2, "invalid"),
  "death-ambiguous": final(2, "invalid"),
  "fleet-invalid": final(2, "invalid"),
  "sandbox-violation": final(2, "invalid"),
  "socket-path-too-long": final(2, "tmux"),
  "peer-not-found": final(3, "missing"),
  "runtime-not-found": final(3, "missing"),
  "file-not-found": final(3, "missing"),
  "program-not-found": final(3, "runtime"),
  "folder-not-found": final(3, "missing"),
  "death-not-found": final(3, "missing"),
  "agent-not-found": final(3, "missing"),
  "fleet-not-applied": final(3, "missing"),
  "peer-conflict": final(4, "conflict"),
  "folder-taken": final(4, "conflict"),
  "peer-live": passing(4, "live"),
  "peer-being-removed": passing(4, "conflict"),
  "revision-conflict": passing(4, "busy"),
  "peer-not-live": passing(4, "live"),
  "stale-incarnation": final(4, "live"),
  "sender-mismatch": final(4, "conflict"),
  "peer-ambiguous": final(4, "conflict"),
  "lock-busy": passing(4, "busy"),
  "fleet-exists": final(4, "conflict"),
  "fleet-changed": passing(4, "busy"),
  "fleet-policy": final(4, "conflict"),
  "agent-exists": final(4, "conflict"),
  "boot-units-taken": final(4, "service"),
  "registry-corrupt": final(5, "untrusted"),
  "registry-insecure": final(5, "untrusted"),
  "profile-corrupt": final(5, "untrusted"),
  "fleet-state-corrupt": final(5, "untrusted"),
  "slot-insecure": final(5, "untrusted"),
  "socket-folder-insecure": final(5, "untrusted"),
  "launch-env-invalid": final(5, "untrusted"),
  "launch-env-insecure": final(5, "untrusted"),
  "runtime-invalid": final(5, "untrusted"),
  "runtime-insecure": final(5, "untrusted"),
  bug: final(70, "bug"),
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof ERRORS;

/** What a script reads: stable code, sentence, the next thing to type, and facts. */
export interface ErrorView {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

export interface ErrorOptions {
  /** What to do next, as a person would type it. */
  readonly hint?: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
  /** In the place of the code's own: 128 and a signal's number. */
  readonly exitStatus?: number;
}

/** The one error class. What can be expected of a command or a peer is a value, not one of these. */
export class IapeerError extends Error {
  override readonly name = "IapeerError";
  readonly hint: string | undefined;
  readonly details: Readonly<Record<string, unknown>> | undefined;
  /** What iapeer exits with when nothing catches it. */
  readonly exitStatus: number;

  constructor(
    readonly code: ErrorCode,
    message: string,
    options: ErrorOptions = {},
  ) {
    super(message, { cause: options.cause });
    this.exitStatus = options.exitStatus ?? ERRORS[code].exit;
    this.hint = options.hint;
    this.details = options.details;
  }
}

/** The row of anything thrown. Whatever is not an IapeerError is a bug of ours. */
export function rowOf(error: unknown): ErrorRow {
  return ERRORS[error instanceof IapeerError ? error.code : "bug"];
}

/** The public view of anything thrown; what is not an IapeerError is a bug of ours. */
export function toErrorView(error: unknown): ErrorView {
  if (!(error instanceof IapeerError)) {
    return { code: "bug", message: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
  }
  return {
    code: error.code,
    message: error.message,
    ...(error.hint !== undefined && { hint: error.hint }),
    ...(error.details !== undefined && { details: error.details }),
  };
}

const ERRNO_TEXT: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "operation not permitted",
  ENOENT: "no such file or folder",
  ENOSPC: "no space left on the disk (or no inodes)",
  EDQUOT: "disk quota exceeded",
  EFBIG: "file size limit reached",
  EMFILE: "out of file descriptors in this process",
  ENFILE: "out of file descriptors on this machine",
  EROFS: "the file system is read-only",
  ELOOP: "too many symbolic links",
  ENOTDIR: "a part of the path is not a folder",
  EISDIR: "is a folder",
  ENAMETOOLONG: "the path is too long",
  EEXIST: "exists already",
  EIO: "input/output error",
};

/** The errno name of a failed system call ("ENOENT"), or undefined for any other error. */
export function errnoOf(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return typeof code === "string" && /^E[A-Z0-9]+$/.test(code) ? code : undefined;
}

/** "permission denied (EACCES)" for a system call's error, its message for any other. */
export function describeErrno(error: unknown): string {
  const errno = errnoOf(error);
  if (errno === undefined) return error instanceof Error ? error.message : String(error);
  return ERRNO_TEXT[errno] === undefined ? errno : `${ERRNO_TEXT[errno]} (${errno})`;
}

/** A system call's failure as one of ours: what was tried, on which path, why not. */
export function ioError(code: ErrorCode, tried: string, path: string, cause: unknown): IapeerError {
  const errno = errnoOf(cause);
  if (errno === undefined && cause instanceof IapeerError) return cause;
  return new IapeerError(code, `${tried} ${path}: ${describeErrno(cause)}`, {
    details: { path, ...(errno !== undefined && { errno }) },
    cause,
  });
}
