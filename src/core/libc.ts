import { CString, dlopen, type Pointer, ptr, read } from "bun:ffi";
import { closeSync } from "node:fs";
import { constants, userInfo } from "node:os";

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
  pipe2: { args: ["ptr", "i32"], returns: "i32" },
  prctl: { args: ["i32", "u64", "u64", "u64", "u64"], returns: "i32" },
  setrlimit: { args: ["i32", "ptr"], returns: "i32" },
  syscall: { args: ["i64", "i64", "i64", "i64", "i64"], returns: "i64" },
} as const;

interface Libc {
  flock(fd: number, operation: number): number;
  connect(fd: number, address: Pointer, bytes: number): number;
  getpwuid(uid: number): Pointer | null;
  getsockopt(fd: number, level: number, option: number, value: Pointer, bytes: Pointer): number;
  isatty(fd: number): number;
  pipe(fds: Pointer): number;
  poll(fds: Pointer, count: bigint, timeoutMs: number): number;
  socket(domain: number, type: number, protocol: number): number;
  waitpid(pid: number, status: null, options: number): number;
  /** The address of this thread's errno. */
  errno(): Pointer;
  /** The rest is Linux's. */
  getrlimit(resource: number, limits: Pointer): number;
  pipe2(fds: Pointer, flags: number): number;
  prctl(option: number, a: number, b: number, c: number, d: number): number;
  setrlimit(resource: number, limits: Pointer): number;
  syscall(number: number, a: number, b: number, c: number, d: number): number | bigint;
}

function openLibrary(): Libc {
  const { symbols } = dlopen(LIBC_NAME, {
    flock: { args: ["i32", "i32"], returns: "i32" },
    connect: { args: ["i32", "ptr", "u32"], returns: "i32" },
    getpwuid: { args: ["u32"], returns: "ptr" },
    getsockopt: { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "i32" },
    isatty: { args: ["i32"], returns: "i32" },
    pipe: { args: ["ptr"], returns: "i32" },
    poll: { args: ["ptr", "u64", "i32"], returns: "i32" },
    socket: { args: ["i32", "i32", "i32"], returns: "i32" },
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
  const errno = lastErrno();
  return errno === EWOULDBLOCK ? false : errno;
}

/** The account's home as the user database has it (getpwuid(3)); $HOME is not asked. */
export function accountHome(): string {
  const entry = libc().getpwuid(userInfo().uid);
  if (entry === null) return userInfo().homedir;
  return new CString(read.ptr(entry, PW_DIR_OFFSET));
}

/** The account's login name, likewise: node:os would take `$USER`'s word for it. `uid-N` for one that the database does not have. */
export function accountName(): string {
  const { uid } = userInfo();
  const entry = libc().getpwuid(uid);
  // `pw_name` is the first member.
  return entry === null ? `uid-${uid}` : new CString(read.ptr(entry, 0));
}

/** isatty(3). Not node:tty: loading that takes a third of a start. */
export function isTerminal(fd: number): boolean {
  return libc().isatty(fd) === 1;
}

/** Reaps one dead child that we adopted, waitpid(2) with WNOHANG; never to be used on a child that Bun started. */
export function reapChild(pid: number): void {
  libc().waitpid(pid, null, 1);
}

/**
 * pipe(2), not handed on to children. (On macOS Bun starts children with POSIX_SPAWN_CLOEXEC_DEFAULT, which does that.)
 *
 * @returns undefined when this process or this machine is out of file descriptors.
 */
export function makePipe(): { readonly readEnd: number; readonly writeEnd: number } | undefined {
  const O_CLOEXEC = 0o2000000;
  const fds = new Int32Array(2);
  const failed = isMac ? libc().pipe(ptr(fds)) : libc().pipe2(ptr(fds), O_CLOEXEC);
  return failed === 0 ? { readEnd: fds[0]!, writeEnd: fds[1]! } : undefined;
}

/** poll(2)'s event: the same on Linux and macOS. */
const POLLOUT = 4;

/** Whether something can be written to a descriptor now, without waiting. */
export function isWritable(fd: number): boolean {
  // `struct pollfd`: the descriptor, what is asked for, what there is.
  const asked = Buffer.alloc(8);
  asked.writeInt32LE(fd, 0);
  asked.writeInt16LE(POLLOUT, 4);
  return libc().poll(ptr(asked), 1n, 0) === 1 && (asked.readInt16LE(6) & POLLOUT) !== 0;
}

/** Who listens on a unix socket: the process that called listen(2) there; 0 when that is not told, as from another pid namespace. */
export interface Listener {
  readonly pid: number;
}

/**
 * connect(2) to a unix socket, without waiting, and close(2) at once.
 *
 * @returns who listens there, else the errno: EAGAIN says that somebody does and that the queue is full (unix(7)).
 */
export function tryConnect(path: string): Listener | { readonly errno: number } {
  const address = Buffer.alloc(2 + (isMac ? 104 : 108));
  if (Buffer.byteLength(path) > address.length - 3 || path.includes("\0")) return { errno: constants.errno.ENAMETOOLONG };
  const [AF_UNIX, SOCK_STREAM, flags] = [1, 1, isMac ? 0 : 0o2004000];
  // `struct sockaddr_un`: macOS has the length before a family of one byte.
  if (isMac) address.writeUInt8(address.length, 0);
  address.writeUInt8(AF_UNIX, isMac ? 1 : 0);
  address.write(path, 2);
  const fd = libc().socket(AF_UNIX, SOCK_STREAM | flags, 0);
  if (fd < 0) return { errno: lastErrno() };
  try {
    return libc().connect(fd, ptr(address), address.length) === 0 ? { pid: listenerOf(fd) } : { errno: lastErrno() };
  } finally {
    closeSync(fd);
  }
}

/** SO_PEERCRED (socket(7)), whose first member is the pid; on macOS LOCAL_PEERPID (sys/un.h). */
function listenerOf(fd: number): number {
  const [level, option] = isMac ? ([0, 2] as const) : ([1, 17] as const);
  const credentials = new Int32Array(3);
  const bytes = new Int32Array([isMac ? 4 : 12]);
  return libc().getsockopt(fd, level, option, ptr(credentials), ptr(bytes)) === 0 ? credentials[0]! : 0;
}

function lastErrno(): number {
  return read.i32(libc().errno(), 0);
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
