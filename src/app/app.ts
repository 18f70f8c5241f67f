import { appendEvent, type LogTarget, rotationFrom } from "../core/disk/event-log.ts";
import type { LogFields } from "../core/text/logfmt.ts";
import { type Env, type Layout, layoutFrom } from "../core/layout.ts";
import type { Runner } from "../core/process/runner.ts";
import type { ProviderTools } from "../provision/provider-command.ts";
import { IapeerError } from "../model/errors.ts";
import type { Output } from "../cli/output.ts";

/** What a verb may use: made once a call, handed down, nothing of it global. */
export interface Context {
  readonly env: Env;
  readonly layout: Layout;
  readonly output: Output;
  /** Runs this program, as an argv. */
  readonly self: readonly string[];
  readonly runner: Runner;
  readonly log: LogTarget;
  readonly lockTimeoutMs: number;
  readonly now: () => Date;
}

/** How long the registry's lock is waited for. */
const LOCK_TIMEOUT_MS = 30_000;

export interface ContextOptions {
  readonly env: Env;
  readonly output: Output;
  /** Runs this program; with the guard's verb behind it, a guard. */
  readonly self: readonly string[];
}

export function openContext({ env, output, self }: ContextOptions): Context {
  const layout = layoutFrom(env);
  return {
    env,
    layout,
    output,
    self,
    runner: openRunner(self),
    log: { path: layout.lifecycleLog, rotation: rotationFrom(env) },
    lockTimeoutMs: lockTimeoutFrom(env),
    now: () => new Date(),
  };
}

/** A runner that is loaded with its first command: most calls run none. */
function openRunner(self: readonly string[]): Runner {
  let runner: Runner | undefined;
  return {
    run: async (command) => {
      const { createRunner } = await import("../core/process/runner.ts");
      runner ??= createRunner(self);
      return await runner.run(command);
    },
    close: () => runner?.close(),
  };
}

function lockTimeoutFrom(env: Env): number {
  const text = env["IAPEER_LOCK_TIMEOUT_MS"];
  if (!text) return LOCK_TIMEOUT_MS;
  if (/^[0-9]{1,9}$/.test(text)) return Number(text);
  throw new IapeerError("invalid-value", `IAPEER_LOCK_TIMEOUT_MS is not a number of milliseconds: ${JSON.stringify(text)}`);
}

/** Notes in lifecycle.log what was decided. A log that cannot be written is a warning: the thing itself is done. */
export function logDecision({ log, output, now }: Context, fields: LogFields): void {
  try {
    appendEvent(log, fields, now());
  } catch (error) {
    output.warn((error as Error).message);
  }
}

/** The same, with nothing but results and warnings said to the person. */
export function withoutNotes(context: Context): Context {
  return { ...context, output: { ...context.output, note: () => undefined } };
}

export function providerTools({ runner, log, output }: Context): ProviderTools {
  return { runner, log, warn: output.warn };
}
