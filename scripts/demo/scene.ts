import type { Keys, Typed } from "./stage.ts";

/** A line that a person types, and what it must show. */
export interface Scene {
  /** The reason, shown above the line. */
  readonly say?: string;
  /** A function makes the line of what the scene before printed, for a pid or an id in it. */
  readonly type: string | ((before: string) => string);
  /** For a line that takes the terminal: what the person types there, one after the other. */
  readonly keys?: readonly Keys[];
  /** The exit status. Default: 0. */
  readonly exit?: number;
  readonly shows: readonly RegExp[];
  /** How long the line may take to show it: until then it is run again. Default: it must show it the first time. */
  readonly mayTakeMs?: number;
}

/** How long a launched agent may take to print something. */
export const PRINT_MS = 10_000;
/** How long a record may take: a canary waits two seconds before it writes, and a busy host takes longer. */
export const RECORD_MS = 20_000;

/** The differences from the scene; undefined when there are none. */
export function findFailure(
  { type: line, exit = 0, shows }: Scene & { readonly type: string },
  { status, printed }: Typed,
): string | undefined {
  if (status !== exit) return `"${line}" exited with ${status}, not ${exit}`;
  const missing = shows.find((pattern) => !pattern.test(printed));
  return missing === undefined ? undefined : `"${line}" printed nothing like ${String(missing)}`;
}
