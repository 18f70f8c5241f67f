/** Runs work one piece at a time, in the order it came. A piece that fails holds up no other. */
export type Queue = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * Opens an empty queue.
 *
 * @example
 * const inTurn = openQueue();
 * await Promise.all(files.map((file) => inTurn(async () => await append(file))));
 */
export function openQueue(): Queue {
  let last: Promise<unknown> = Promise.resolve();
  return async (work) => {
    const own = last.then(work);
    last = own.catch(() => undefined);
    return await own;
  };
}
