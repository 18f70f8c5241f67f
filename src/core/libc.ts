import { CString, dlopen, type Pointer, ptr, read } from "bun:ffi";
import { userInfo } from "node:os";

/** flock(2) operations, the same on Linux and macOS. */
const LOCK_SH = 1;
const LOCK_EX = 2;
const LOCK_NB = 4;

const isMac = process.platform === "darwin";

/** The C library's name for dlopen(3): the macOS system library, or glibc's (Bun's Linux build needs glibc). */
export const LIBC_NAME = isMac ? "libSystem.B.dylib" : "libc.so.6";

/** The function that gives the address of this thread's errno. */
export const ERRNO_SYMBOL = isMac ? "__error" : "__errno_location";

/** errno values that differ between the platforms. */
const EWOULDBLOCK = isMac ? 35 : 11;

/** The offset of `pw_dir` in `struct passwd` (64 bit): macOS has pw_change and pw_class before it. */
const PW_DIR_OFFSET = isMac ? 48 : 32;

const LINUX_ONLY = {
  getrlimit: { args: ["i32", "ptr"], returns: "i32" },
  prctl: { args: ["i32", "u64", "u64", "u64", "u64"], returns: "i32" },
  setrlimit: { args: ["i32", "ptr"], returns: "i32" },
  syscall: { args: ["i64", "i64", "i64", "i64", "i64"], returns: "i64" },
} as const;

interface Libc {
  flock(fd: number, operation: number): number;
  getpwuid(uid: number): Pointer | null;
  waitpid(pid: number, status: null, options: number): number;
  /** The address of this thread's errno. */
  errno(): Pointer;
  /** The rest is Linux's. */
  getrlimit(resource: number, limits: Pointer): number;
  prctl(option: number, a: number, b: number, c: number, d: number): number;
  setrlimit(resource: number, limits: Pointer): number;
  syscall(number: number, a: number, b: number, c: number, d: number): number | bigint;
}

function openLibrary(): Libc {
  const { symbols } = dlopen(LIBC_NAME, {
    flock: { args: ["i32", "i32"], returns: "i32" },
    getpwuid: { args: ["u32"], returns: "ptr" },
    waitpid: { args: ["i32", "ptr", "i32"], returns: "i32" },
    [ERRNO_SYMBOL]: { args: [], returns: "ptr" },
    ...(isMac ? {} : LINUX_ONLY),
  });
  const calls = symbols as unknown as Libc & Record<string, Libc["errno"]>;
  return { ...calls, errno: calls[ERRNO_SYMBOL]! };
}

/** Opened at the first call: most commands start and end without it. */
let library: Libc | undefined;

function libc(): Libc {
  library ??= openLibrary();
  return library;
}

export type LockMode = "shared" | "exclusive";

/** flock(2) without waiting: `true` when the lock is held now, `false` when somebody else has it, else the errno. */
export function tryFlock(fd: number, mode: LockMode): boolean | number {
  if (libc().flock(fd, (mode === "shared" ? LOCK_SH : LOCK_EX) | LOCK_NB) === 0) return true;
  const errno = read.i32(libc().errno(), 0);
  return errno === EWOULDBLOCK ? false : errno;
}

/** The account's home as the user database has it (getpwuid(3)); $HOME is not asked. */
export function accountHome(): string {
  const entry = libc().getpwuid(userInfo().uid);
  if (entry === null) return userInfo().homedir;
  return new CString(read.ptr(entry, PW_DIR_OFFSET));
}

/** Reaps one dead child that we adopted, waitpid(2) with WNOHANG; never to be used on a child that Bun started. */
export function reapChild(pid: number): void {
  libc().waitpid(pid, null, 1);
}

/** prctl(2): orphaned descendants become children of this process instead of init's. Linux. */
export function adoptOrphans(): void {
  const PR_SET_CHILD_SUBREAPER = 36;
  libc().prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

interface ResourceLimit {
  readonly soft: bigint;
  readonly hard: bigint;
}

/** getrlimit(2). Linux. */
export function readLimit(resource: number): ResourceLimit {
  const limits = new BigUint64Array(2);
  libc().getrlimit(resource, ptr(limits));
  return { soft: limits[0]!, hard: limits[1]! };
}

/** setrlimit(2) on this process; a refusal changes nothing. Linux. */
export function writeLimit(resource: number, limit: ResourceLimit): void {
  libc().setrlimit(resource, ptr(new BigUint64Array([limit.soft, limit.hard])));
}

/** syscall(2), for calls that no C library function stands for. Linux. */
export function systemCall(number: number, a: number, b = 0, c = 0, d = 0): number {
  return Number(libc().syscall(number, a, b, c, d));
}
