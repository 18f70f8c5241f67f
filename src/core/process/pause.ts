/** Waits for so long, or until the signal comes. It never throws: the caller looks at the signal. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const wake = () => resolve();
  const timer = setTimeout(wake, ms);
  signal?.addEventListener("abort", wake);
  await promise;
  signal?.removeEventListener("abort", wake);
  clearTimeout(timer);
}
