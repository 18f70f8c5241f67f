/** The exit status of a program that a signal asked to stop: 128 and the signal's number. */
const STATUS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

export interface Interruption {
  /** Aborted at the first signal. */
  readonly signal: AbortSignal;
  /** What to exit with once aborted. */
  readonly exitStatus: () => number | undefined;
}

/** Waits, but no longer than until the signal comes. */
export async function sleepUnless(signal: AbortSignal, ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const wake = () => resolve();
  const timer = setTimeout(wake, ms);
  signal.addEventListener("abort", wake);
  await promise;
  signal.removeEventListener("abort", wake);
  clearTimeout(timer);
}

/**
 * Does some work that must clean up when iapeer is asked to stop. Outside of it a signal ends iapeer at
 * once, as it ends any program.
 */
export async function withInterruption<T>(work: (interruption: Interruption) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let status: number | undefined;
  const handlers = Object.entries(STATUS).map(([name, code]) => {
    const handler = () => {
      status ??= code;
      controller.abort();
    };
    process.on(name, handler);
    return [name, handler] as const;
  });
  try {
    return await work({ signal: controller.signal, exitStatus: () => status });
  } finally {
    handlers.forEach(([name, handler]) => process.off(name, handler));
  }
}
