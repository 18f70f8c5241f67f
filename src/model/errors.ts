/**
 * The cause of a failure, in one word that a script can act on.
 *
 * - `invalid`: the call or the declaration is wrong.
 * - `missing`: something that the call needs is not there.
 * - `unauthorized`: the caller may not do that.
 * - `conflict`: another peer has it; `live`: a session stands in the way; `busy`: another process holds it.
 * - `untrusted`: stored data cannot be trusted; `io`: a file could not be read or written.
 * - `runtime`: the agent's program failed; `tmux`; `provider`: memory could not be attached.
 * - `service`: the service manager failed; `unreachable`: another host did not answer.
 * - `interrupted`; `blocked`: an earlier row was not done; `bug`.
 */
export type Cause =
  | "invalid"
  | "missing"
  | "unauthorized"
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

/** The facts about an error code that a program may use. */
export interface ErrorRow {
  /** 1 failed, 2 wrong call, 3 no such thing, 4 conflict, 5 untrusted data, 6 timed out, 70 a bug. */
  readonly exit: number;
  readonly cause: Cause;
  /** True: the same call may succeed later, with nothing else changed. */
  readonly retryable: boolean;
}

const final = (exit: number, cause: Cause): ErrorRow => ({ exit, cause, retryable: false });
const passing = (exit: number, cause: Cause): ErrorRow => ({ exit, cause, retryable: true });

/** Every refusal and failure of iapeer. A new code is one row here and one line in docs/errors.md. A test compares them. */
export const ERRORS = {
  "command-failed": final(1, "service"),
  "write-failed": passing(1, "io"),
  "read-failed": passing(1, "io"),
  "too-few-descriptors": final(1, "io"),
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
  "not-an-agent": final(2, "invalid"),
  "fleet-invalid": final(2, "invalid"),
  "fleet-prunes-all": final(2, "invalid"),
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
  "session-elsewhere": final(4, "live"),
  "not-at-prompt": passing(4, "live"),
  "sender-mismatch": final(4, "conflict"),
  "not-authorized": final(4, "unauthorized"),
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
  "session-damaged": final(5, "untrusted"),
  "fleet-state-corrupt": final(5, "untrusted"),
  "state-untrusted": final(5, "untrusted"),
  "log-untrusted": final(5, "untrusted"),
  "slot-insecure": final(5, "untrusted"),
  "socket-folder-insecure": final(5, "untrusted"),
  "launch-env-invalid": final(5, "untrusted"),
  "launch-env-insecure": final(5, "untrusted"),
  "runtime-invalid": final(5, "untrusted"),
  "runtime-insecure": final(5, "untrusted"),
  bug: final(70, "bug"),
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof ERRORS;

/** An error for a script: a stable code, a sentence, the next thing to type, and facts. */
export interface ErrorView {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

export interface ErrorOptions {
  /** The next step, as a person would type it. */
  readonly hint?: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
  /** Replaces the exit status of the code: 128 and a signal's number. */
  readonly exitStatus?: number;
}

/** The one error class. An outcome that callers must expect of a command or a peer is a value instead. */
export class IapeerError extends Error {
  override readonly name = "IapeerError";
  readonly hint: string | undefined;
  readonly details: Readonly<Record<string, unknown>> | undefined;
  /** The exit status of iapeer when nothing catches the error. */
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

/** The thrown value as an IapeerError; undefined for a bug. The want of a descriptor may show anywhere, and is none. */
export function knownError(error: unknown): IapeerError | undefined {
  return error instanceof IapeerError ? error : descriptorError(error);
}

/** The row of any thrown value. A value that is no known error is a bug. */
export function rowOf(error: unknown): ErrorRow {
  return ERRORS[knownError(error)?.code ?? "bug"];
}

/** The public view of any thrown value. A value that is no known error is a bug. */
export function toErrorView(thrown: unknown): ErrorView {
  const error = knownError(thrown);
  if (error === undefined)
    return { code: "bug", message: thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown) };
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

/** "permission denied (EACCES)" for the error of a system call, else the error's message. */
export function describeErrno(error: unknown): string {
  const errno = errnoOf(error);
  if (errno === undefined) return error instanceof Error ? error.message : String(error);
  return ERRNO_TEXT[errno] === undefined ? errno : `${ERRNO_TEXT[errno]} (${errno})`;
}

/** The errno of a process, or a machine, that may open no further file. It tells nothing about the file. */
const DESCRIPTOR_HINTS: Readonly<Record<string, string>> = {
  EMFILE: "raise the limit, then try again: ulimit -n 1024; ulimit -Hn tells how far it may be raised",
  ENFILE: "the whole machine has too many files open: see sysctl fs.file-nr, and raise fs.file-max",
};

/** The error for a system call that failed for want of a file descriptor; undefined for any other failure. */
function descriptorError(cause: unknown, tried = "cannot go on"): IapeerError | undefined {
  const errno = errnoOf(cause);
  return errno !== undefined && errno in DESCRIPTOR_HINTS ? tooFewDescriptors(tried, errno, cause) : undefined;
}

/** The error for something that was tried without a free file descriptor, in this process (EMFILE) or on this machine (ENFILE). */
export function tooFewDescriptors(tried: string, errno = "EMFILE", cause?: unknown): IapeerError {
  return new IapeerError("too-few-descriptors", `${tried}: ${ERRNO_TEXT[errno]} (${errno})`, {
    hint: DESCRIPTOR_HINTS[errno]!,
    details: { errno },
    cause,
  });
}

/**
 * Throws on a failure for want of a descriptor. It stands in each `catch` that takes a failure for an answer ("it is not there"), because
 * this one is no answer.
 *
 * @throws IapeerError `too-few-descriptors`.
 */
export function refuseStarved(error: unknown): void {
  const known = knownError(error);
  if (known?.code === "too-few-descriptors") throw known;
}

/**
 * A failed system call as an IapeerError. An IapeerError passes through as it is. A want of descriptors is `too-few-descriptors`, whatever
 * the code.
 *
 * @example
 * throw ioError("read-failed", "cannot read", path, error); // "cannot read /etc/x: permission denied (EACCES)"
 */
export function ioError(code: ErrorCode, tried: string, path: string, cause: unknown): IapeerError {
  const errno = errnoOf(cause);
  if (errno === undefined && cause instanceof IapeerError) return cause;
  const starved = descriptorError(cause, `${tried} ${path}`);
  if (starved !== undefined) return starved;
  return new IapeerError(code, `${tried} ${path}: ${describeErrno(cause)}`, {
    details: { path, ...(errno !== undefined && { errno }) },
    cause,
  });
}
