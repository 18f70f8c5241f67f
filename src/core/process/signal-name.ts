import { constants } from "node:os";

/** The name of a signal, "SEGV" for "11", "SIGSEGV" or "SEGV". A number without a name on this system stays a number. */
export function signalName(signal: string): string {
  const named = Object.entries(constants.signals).find(([, number]) => String(number) === signal)?.[0] ?? signal;
  return named.replace(/^SIG/, "");
}
