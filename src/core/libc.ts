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

/** The functions that are called, as dlopen takes them. Those after the break are Linux's. */
const SIGNATURES = {
  connect: { args: ["i32", "ptr", "u32"], returns: "i32" },
  execv: { args: ["ptr", "ptr"], returns: "i32" },
  flock: { args: ["i32", "i32"], returns: "i32" },
  getpwuid: { args: ["u32"], returns: "ptr" },
  getrlimit: { args: ["i32", "ptr"], returns: "i32" },
  getsockopt: { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "i32" },
  isatty: { args: ["i32"], returns: "i32" },
  pipe: { args: ["ptr"], returns: "i32" },
  poll: { args: ["ptr", "u64", "i32"], returns: "i32" },
  signal: { args: ["i32", "u64"], returns: "u64" },
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  tcgetattr: { args: ["i32", "ptr"], returns: "i32" },
  waitpid: { args: ["i32", "ptr", "i32"], returns: "i32" },
  errno: { args: [], returns: "ptr" },

  pipe2: { args: ["ptr", "i32"], returns: "i32" },
  prctl: { args: ["i32", "u64", "u64", "u64", "u64"], returns: "i32" },
  setrlimit: { args: ["i32", "ptr"], returns: "i32" },
  syscall: { args: ["i64", "i64", "i64", "i64", "i64"], returns: "i64" },
} as const;

interface Libc {
  connect(fd: number, address: Pointer, bytes: number): number;
  execv(path: Pointer, argv: Pointer): number;
  flock(fd: number, operation: number): number;
  getpwuid(uid: number): Pointer | null;
  getrlimit(resource: number, limits: Pointer): number;
  getsockopt(fd: number, level: number, option: number, value: Pointer, bytes: Pointer): number;
  isatty(fd: number): number;
  pipe(fds: Pointer): number;
  poll(fds: Pointer, count: bigint, timeoutMs: number): number;
  signal(signal: number, action: bigint): bigint;
  socket(domain: number, type: number, protocol: number): number;
  tcgetattr(fd: number, attributes: Pointer): number;
  waitpid(pid: number, status: null, options: number): number;
  /** The address of this thread's errno. */
  errno(): Pointer;

  pipe2(fds: Pointer, flags: number): number;
  prctl(option: number, a: number, b: number, c: number, d: number): number;
  setrlimit(resource: number, limits: Pointer): number;
  syscall(number: number, a: number, b: number, c: number, d: number): number | bigint;
}

const opened: Partial<Libc> = {};

/**
 * Opens functions of the C library, each at its first call: most commands start and end with one or two of them. errno is opened before
 * the call that sets it, because opening a function may change errno.
 */
function libc<K extends keyof Libc>(...names: readonly K[]): Pick<Libc, K> {
  const missing = names.filter((name) => opened[name] === undefined);
  if (missing.length > 0) {
    const { symbols } = dlopen(LIBC_NAME, Object.fromEntries(missing.map((name) => [symbolOf(name), SIGNATURES[name]])));
    Object.assign(opened, Object.fromEntries(missing.map((name) => [name, symbols[symbolOf(name)]])));
  }
  return opened as Pick<Libc, K>;
}

function symbolOf(name: keyof Libc): string {
  return name === "errno" ? ERRNO_SYMBOL : name;
}

export type LockMode = "shared" | "exclusive";

/** flock(2) without waiting: `true` when the lock is held now, `false` when another open file holds it, else the errno. */
export function tryFlock(fd: number, mode: LockMode): boolean | number {
  const { flock } = libc("flock", "errno");
  if (flock(fd, (mode === "shared" ? LOCK_SH : LOCK_EX) | LOCK_NB) === 0) return true;
  const errno = lastErrno();
  return errno === EWOULDBLOCK ? false : errno;
}

/** The account's home in the user database (getpwuid(3)), whatever $HOME says. */
export function accountHome(): string {
  const entry = libc("getpwuid").getpwuid(userInfo().uid);
  if (entry === null) return userInfo().homedir;
  return new CString(read.ptr(entry, PW_DIR_OFFSET));
}

/** The account's login name in the user database, whatever $USER says; `uid-N` for an account that the database does not have. */
export function accountName(): string {
  const { uid } = userInfo();
  const entry = libc("getpwuid").getpwuid(uid);
  // `pw_name` is the first member.
  return entry === null ? `uid-${uid}` : new CString(read.ptr(entry, 0));
}

/** isatty(3). Loading node:tty instead would take a third of a start. */
export function isTerminal(fd: number): boolean {
  return libc("isatty").isatty(fd) === 1;
}

/** Reaps one dead child that this process adopted: waitpid(2) with WNOHANG. Never call it for a child that Bun started. */
export function reapChild(pid: number): void {
  libc("waitpid").waitpid(pid, null, 1);
}

/**
 * pipe(2), which children do not inherit. On macOS Bun starts children with POSIX_SPAWN_CLOEXEC_DEFAULT, which has that effect.
 *
 * @returns undefined when this process or this machine is out of file descriptors.
 */
export function makePipe(): { readonly readEnd: number; readonly writeEnd: number } | undefined {
  const O_CLOEXEC = 0o2000000;
  const fds = new Int32Array(2);
  const failed = isMac ? libc("pipe").pipe(ptr(fds)) : libc("pipe2").pipe2(ptr(fds), O_CLOEXEC);
  return failed === 0 ? { readEnd: fds[0]!, writeEnd: fds[1]! } : undefined;
}

/** The events of poll(2), the same on Linux and macOS. */
const POLLIN = 1;
const POLLOUT = 4;

/** Tells whether something can be written to a descriptor now, without waiting. */
export function isWritable(fd: number): boolean {
  return isReady(fd, POLLOUT) === true;
}

/** Tells whether something can be read from a descriptor now, without waiting; undefined when the system does not tell. */
export function isReadable(fd: number): boolean | undefined {
  return isReady(fd, POLLIN);
}

function isReady(fd: number, event: number): boolean | undefined {
  // `struct pollfd`: the descriptor, the events that are asked for, the events that there are.
  const asked = Buffer.alloc(8);
  asked.writeInt32LE(fd, 0);
  asked.writeInt16LE(event, 4);
  if (libc("poll").poll(ptr(asked), 1n, 0) < 0) return undefined;
  return (asked.readInt16LE(6) & event) !== 0;
}

/** The offset of `c_lflag` in `struct termios`, and the flags ICANON and ECHO in it. */
const LOCAL_FLAGS_OFFSET = isMac ? 24 : 12;
const ICANON = isMac ? 0x100 : 0x2;
const ECHO = 0x8;

/** The ways of a terminal that its program has chosen (termios(3)). */
export interface TerminalMode {
  /** ICANON: the kernel hands the program whole lines. */
  readonly isLineMode: boolean;
  /** ECHO: the kernel shows what is typed. */
  readonly isEchoing: boolean;
}

/** The mode of a terminal; undefined for a descriptor that is no terminal. */
export function readTerminalMode(fd: number): TerminalMode | undefined {
  const attributes = Buffer.alloc(256);
  if (libc("tcgetattr").tcgetattr(fd, ptr(attributes)) !== 0) return undefined;
  const flags = attributes.readUInt32LE(LOCAL_FLAGS_OFFSET);
  return { isLineMode: (flags & ICANON) !== 0, isEchoing: (flags & ECHO) !== 0 };
}

/** The process that called listen(2) on a unix socket; 0 when the kernel does not tell, as for another pid namespace. */
export interface Listener {
  readonly pid: number;
}

/**
 * connect(2) to a unix socket, without waiting, and close(2) at once.
 *
 * @returns the listener, else the errno. EAGAIN says that a process listens and that its queue is full (unix(7)).
 */
export function tryConnect(path: string): Listener | { readonly errno: number } {
  const address = Buffer.alloc(2 + (isMac ? 104 : 108));
  if (Buffer.byteLength(path) > address.length - 3 || path.includes("\0")) return { errno: constants.errno.ENAMETOOLONG };
  const [AF_UNIX, SOCK_STREAM, flags] = [1, 1, isMac ? 0 : 0o2004000];
  // `struct sockaddr_un`: macOS has the length before a family of one byte.
  if (isMac) address.writeUInt8(address.length, 0);
  address.writeUInt8(AF_UNIX, isMac ? 1 : 0);
  address.write(path, 2);
  const { socket, connect } = libc("socket", "connect", "getsockopt", "errno");
  const fd = socket(AF_UNIX, SOCK_STREAM | flags, 0);
  if (fd < 0) return { errno: lastErrno() };
  try {
    return connect(fd, ptr(address), address.length) === 0 ? { pid: listenerOf(fd) } : { errno: lastErrno() };
  } finally {
    closeSync(fd);
  }
}

/** SO_PEERCRED (socket(7)), whose first member is the pid; on macOS LOCAL_PEERPID (sys/un.h). */
function listenerOf(fd: number): number {
  const [level, option] = isMac ? ([0, 2] as const) : ([1, 17] as const);
  const credentials = new Int32Array(3);
  const bytes = new Int32Array([isMac ? 4 : 12]);
  return libc("getsockopt").getsockopt(fd, level, option, ptr(credentials), ptr(bytes)) === 0 ? credentials[0]! : 0;
}

function lastErrno(): number {
  return read.i32(libc("errno").errno(), 0);
}

/** prctl(2): makes orphaned descendants children of this process instead of init. Linux. */
export function adoptOrphans(): void {
  const PR_SET_CHILD_SUBREAPER = 36;
  libc("prctl").prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

interface ResourceLimit {
  readonly soft: bigint;
  readonly hard: bigint;
}

/** getrlimit(2). */
export function readLimit(resource: number): ResourceLimit {
  const limits = new BigUint64Array(2);
  libc("getrlimit").getrlimit(resource, ptr(limits));
  return { soft: limits[0]!, hard: limits[1]! };
}

/** setrlimit(2) on this process. A refusal changes nothing. Linux. */
export function writeLimit(resource: number, limit: ResourceLimit): void {
  libc("setrlimit").setrlimit(resource, ptr(new BigUint64Array([limit.soft, limit.hard])));
}

/** syscall(2), for calls without a function of the C library. Linux. */
export function systemCall(number: number, a: number, b = 0, c = 0, d = 0): number {
  return Number(libc("syscall").syscall(number, a, b, c, d));
}

/** signal(7): gives a signal of this process its default action back, which a program that is executed here then has. */
export function resetSignal(signal: number): void {
  const SIG_DFL = 0n;
  libc("signal").signal(signal, SIG_DFL);
}

/** execv(3): this process becomes another program, with its environment as it is. Only comes back when that is impossible. */
export function execProgram(path: string, argv: readonly string[]): void {
  const words = [path, ...argv].map((word) => Buffer.from(`${word}\0`));
  const pointers = new BigUint64Array([...words.slice(1).map((word) => BigInt(ptr(word))), 0n]);
  libc("execv").execv(ptr(words[0]!), ptr(pointers));
}
