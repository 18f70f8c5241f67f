/**
 * Every way iapeer can refuse or fail, with the exit status each gives (docs/errors.md).
 * 1 tried and failed · 2 the call is wrong · 3 no such thing · 4 conflict · 5 stored data cannot be trusted · 6 timed out · 70 a bug.
 */
export const EXIT_STATUS = {
  "command-failed": 1,
  "write-failed": 1,
  "read-failed": 1,
  "slot-empty": 1,
  "slot-declares-nothing": 1,
  "slot-direction-missing": 1,
  "launch-failed": 1,
  "stop-failed": 1,
  "send-failed": 1,
  "host-unreachable": 1,
  "host-without-iapeer": 1,
  "canary-failed": 1,
  "tmux-missing": 1,
  "tmux-too-old": 1,
  "program-not-executable": 1,
  interrupted: 1,
  usage: 2,
  "unknown-command": 2,
  "invalid-name": 2,
  "invalid-value": 2,
  "message-invalid": 2,
  "death-ambiguous": 2,
  "fleet-invalid": 2,
  "sandbox-violation": 2,
  "socket-path-too-long": 2,
  "peer-not-found": 3,
  "runtime-not-found": 3,
  "file-not-found": 3,
  "program-not-found": 3,
  "folder-not-found": 3,
  "death-not-found": 3,
  "agent-not-found": 3,
  "fleet-not-applied": 3,
  "peer-conflict": 4,
  "folder-taken": 4,
  "peer-live": 4,
  "peer-being-removed": 4,
  "revision-conflict": 4,
  "peer-not-live": 4,
  "stale-incarnation": 4,
  "sender-mismatch": 4,
  "peer-ambiguous": 4,
  "lock-busy": 4,
  "fleet-exists": 4,
  "fleet-changed": 4,
  "fleet-policy": 4,
  "agent-exists": 4,
  "boot-units-taken": 4,
  "registry-corrupt": 5,
  "registry-insecure": 5,
  "profile-corrupt": 5,
  "fleet-state-corrupt": 5,
  "slot-insecure": 5,
  "socket-folder-insecure": 5,
  "launch-env-invalid": 5,
  "launch-env-insecure": 5,
  "runtime-invalid": 5,
  "runtime-insecure": 5,
  bug: 70,
} as const;

export type ErrorCode = keyof typeof EXIT_STATUS;

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
    this.exitStatus = options.exitStatus ?? EXIT_STATUS[code];
    this.hint = options.hint;
    this.details = options.details;
  }
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
