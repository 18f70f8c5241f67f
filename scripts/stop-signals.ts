/** The signals that stop a run, and the exit status that a shell gives such an end (128 and the signal's number). */
const STATUSES = [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const;

/** Does the work once when one of the signals comes. */
export function onStopSignal(work: (status: number) => void): void {
  for (const [signal, status] of STATUSES) process.once(signal, () => work(status));
}
