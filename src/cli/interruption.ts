import { IapeerError } from "../model/errors.ts";

/** The exit status of a program that a signal ended: 128 plus the signal's number. */
const STATUS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

export interface Interruption {
  /** Aborted by the first signal. */
  readonly signal: AbortSignal;
  /** The exit status once the signal is aborted. */
  readonly exitStatus: () => number | undefined;
}

/**
 * Does work that ends in order when a signal comes. Outside of such work a signal ends iapeer at once.
 *
 * @throws IapeerError what the work throws. `interrupted` gets the exit status of the signal that came.
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
  } catch (error) {
    throw status === undefined ? error : withStatus(error, status);
  } finally {
    handlers.forEach(([name, handler]) => process.off(name, handler));
  }
}

function withStatus(error: unknown, exitStatus: number): unknown {
  if (!(error instanceof IapeerError) || error.code !== "interrupted") return error;
  const { message, hint, details } = error;
  return new IapeerError("interrupted", message, {
    ...(hint !== undefined && { hint }),
    ...(details !== undefined && { details }),
    cause: error,
    exitStatus,
  });
}
