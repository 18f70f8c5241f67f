import { closeSync, constants, fstatSync, openSync, statSync } from "node:fs";
import { ioError, IapeerError, refuseStarved } from "../../model/errors.ts";
import waiterSource from "./flock-waiter.js" with { type: "text" };
import { pause } from "../process/pause.ts";
import { lookForRefusal, type TrustedFile } from "./trust.ts";
import { ERRNO_SYMBOL, LIBC_NAME, tryFlock } from "../libc.ts";

export interface LockOptions {
  /** The longest wait for another holder. `lock-busy` follows. */
  readonly timeoutMs: number;
  /** Ends the wait, and not the work: `interrupted`. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Does work under an exclusive kernel lock on a small file. The file is made when it is missing.
 *
 * flock(2): the lock belongs to the open file. It ends with its holder, in any way that one ends, and a stopped holder
 * keeps it. A wait looks for the lock for a while, and is then a blocked system call in a worker thread. The kernel queues
 * those, and this thread goes on to serve timers and children.
 *
 * @throws IapeerError `lock-busy` after `timeoutMs`, `interrupted`, `write-failed` when the file cannot be opened or locked;
 *   `state-untrusted`: something else than a file is there.
 */
export async function withLock<T>(path: string, options: LockOptions, work: () => T | Promise<T>): Promise<T> {
  const fd = await acquire(path, options);
  try {
    return await work();
  } finally {
    closeSync(fd);
  }
}

/** The longest time that another process, which only looks at a lock, makes it seem taken. */
const LOOK_MS = 50;

/**
 * Takes a lock at once or not at all. The lock ends when every copy of the descriptor is closed, in all processes.
 *
 * @returns undefined when another process has it.
 * @throws IapeerError `write-failed` when the file cannot be opened or locked.
 */
export function tryHold(path: string): number | undefined {
  const deadline = performance.now() + LOOK_MS;
  for (;;) {
    const fd = openLockFile(path);
    const held = tryFlock(fd, "exclusive");
    if (held === true && isSameFile(fd, path)) return fd;
    if (typeof held === "number") throw lockFailed(fd, path, held);
    closeSync(fd);
    if (performance.now() > deadline) return undefined;
    Bun.sleepSync(1);
  }
}

/** True while a process holds a lock. A file that is missing, or cannot be opened, counts as free. */
export function isHeld(path: string): boolean {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    refuseStarved(error);
    return false;
  }
  try {
    return tryFlock(fd, "shared") === false;
  } finally {
    closeSync(fd);
  }
}

async function acquire(path: string, options: LockOptions): Promise<number> {
  const deadline = performance.now() + options.timeoutMs;
  for (;;) {
    const fd = openLockFile(path);
    const held = tryFlock(fd, "exclusive");
    if (held === false) await waitForLock({ fd, path, deadline, signal: options.signal });
    else if (held !== true) throw lockFailed(fd, path, held);
    if (isSameFile(fd, path)) return fd;
    closeSync(fd);
  }
}

const LOCK: TrustedFile = { what: "the lock" };

function openLockFile(path: string): number {
  const { O_RDWR, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
  let fd: number;
  try {
    fd = openSync(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
  } catch (error) {
    throw misplacedAt(path) ?? ioError("write-failed", "cannot open the lock", path, error);
  }
  if (fstatSync(fd).isFile()) return fd;
  closeSync(fd);
  throw misplacedAt(path) ?? busy(path);
}

/** The error for something else than a file in a lock's place. */
function misplacedAt(path: string): IapeerError | undefined {
  const refusal = lookForRefusal(path, LOCK);
  return refusal?.kind === "misplaced" ? refusal.error : undefined;
}

/** False after the file was unlinked: then the lock guards nothing. */
function isSameFile(fd: number, path: string): boolean {
  const ours = fstatSync(fd);
  const there = statSync(path, { throwIfNoEntry: false });
  return there !== undefined && there.ino === ours.ino && there.dev === ours.dev;
}

interface Wait {
  readonly fd: number;
  readonly path: string;
  readonly deadline: number;
  readonly signal: AbortSignal | undefined;
}

async function waitForLock(wait: Wait): Promise<void> {
  if (!(await isTakenByLooking(wait))) await blockUntilTaken(wait);
}

/** Most locks are held for less time than a thread takes to start. After that time the kernel's queue is the fairer wait. */
const LOOKING_MS = 1000;
const LONGEST_PAUSE_MS = 32;

async function isTakenByLooking({ fd, path, deadline, signal }: Wait): Promise<boolean> {
  const endMs = Math.min(deadline, performance.now() + LOOKING_MS);
  let pauseMs = 1;
  while (performance.now() < endMs) {
    // Many that wait look at different times.
    await pause(pauseMs * (0.5 + Math.random()), signal);
    if (signal?.aborted) return false;
    const held = tryFlock(fd, "exclusive");
    if (typeof held === "number") throw lockFailed(fd, path, held);
    if (held) return true;
    pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
  }
  return false;
}

async function blockUntilTaken({ fd, path, deadline, signal }: Wait): Promise<void> {
  const worker = new Worker(URL.createObjectURL(new Blob([waiterSource as unknown as string])), { smol: true });
  const outcome = Promise.withResolvers<number | "late" | "interrupted">();
  worker.onmessage = (event: MessageEvent<number>) => outcome.resolve(event.data);
  worker.onerror = (event) => outcome.reject(new Error(event.message));
  const timer = setTimeout(() => outcome.resolve("late"), Math.max(0, deadline - performance.now()));
  const interrupt = () => outcome.resolve("interrupted");
  if (signal?.aborted) interrupt();
  signal?.addEventListener("abort", interrupt);
  worker.postMessage({ libcName: LIBC_NAME, errnoSymbol: ERRNO_SYMBOL, fd });
  const answer = await outcome.promise.finally(() => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", interrupt);
  });
  if (typeof answer === "string") abandonWait(worker, fd);
  if (answer === "late") throw busy(path);
  if (answer === "interrupted") throw new IapeerError("interrupted", `interrupted while another process held ${path}`);
  worker.terminate();
  if (answer !== 0) throw lockFailed(fd, path, answer);
}

/** A blocked call cannot be taken back. When it ends at last, its lock is given up at once. */
function abandonWait(worker: Worker, fd: number): void {
  worker.onmessage = () => {
    closeSync(fd);
    worker.terminate();
  };
  worker.unref();
}

function busy(path: string): IapeerError {
  return new IapeerError("lock-busy", `another process holds ${path} and did not let go in time`, {
    hint: "try again; if it lasts, see which process holds it: fuser -v on that file (a stopped process keeps its lock until it goes on or ends)",
    details: { path },
  });
}

function lockFailed(fd: number, path: string, errno: number): IapeerError {
  closeSync(fd);
  return new IapeerError("write-failed", `cannot lock ${path}: errno ${errno}`, {
    hint: "the root must be on a file system with flock(2) (a local disk)",
    details: { path, errno },
  });
}
