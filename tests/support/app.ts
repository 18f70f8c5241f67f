import { openApp } from "../../src/app/app.ts";
import type { App } from "../../src/app/types.ts";
import { GUARD_ARGV, type Sandbox } from "./sandbox.ts";

/** An app on a sandbox' root, and what it told its caller meanwhile. */
export interface Told {
  readonly app: App;
  readonly warnings: string[];
  readonly notes: string[];
  /** How many steps were announced, for each piece of work. */
  readonly totals: number[];
}

export function openTold(
  box: Sandbox,
  { env = {}, self = GUARD_ARGV }: { env?: Record<string, string>; self?: readonly string[] } = {},
): Told {
  const warnings: string[] = [];
  const notes: string[] = [];
  const totals: number[] = [];
  const tell = {
    warn: (line: string) => void warnings.push(line),
    note: (line: string) => void notes.push(line),
    progress: (total: number) => {
      totals.push(total);
      return { step: () => undefined, close: () => undefined };
    },
  };
  return { app: openApp({ env: { ...box.env, ...env }, self, tell }), warnings, notes, totals };
}
