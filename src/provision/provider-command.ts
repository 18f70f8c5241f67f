import type { Outcome } from "../core/process/command.ts";
import { appendEvent, type LogTarget } from "../core/disk/event-log.ts";
import { identityOf } from "../model/names.ts";
import { type Runner, whyNotFolder } from "../core/process/runner.ts";
import { directionOf, type Occasion } from "./occasions.ts";

/** The limit of one run when nothing else is said (contract 6). */
export const PROVIDER_TIMEOUT_MS = 120_000;

/** What stands for the `{words}` of a provider's arguments. */
export interface Placeholders {
  readonly cwd: string;
  readonly runtime: string;
  readonly personality: string;
  readonly occasion: Occasion;
}

/**
 * The argv of a provider block for one run. Each `{word}` is replaced once, in one pass: what a value
 * holds is never looked at again, and unknown words stay.
 */
export function renderArgv(
  block: { readonly command: string; readonly args: readonly string[] },
  values: Placeholders,
): string[] {
  const replaced = block.args.map((argument) =>
    argument.replace(/\{(cwd|runtime|personality|occasion)\}/g, (_whole, word: keyof Placeholders) => values[word]),
  );
  return [block.command, ...replaced];
}

export interface ProviderRun {
  readonly argv: readonly string[];
  readonly placeholders: Placeholders;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export interface ProviderTools {
  readonly runner: Runner;
  readonly log: LogTarget;
  /** Told of what did not work beside the run itself. */
  readonly warn: (message: string) => void;
}

/** One provider command, as contract 6 says, with its line in the log. It never throws. */
export async function runProvider(run: ProviderRun, tools: ProviderTools): Promise<Outcome> {
  const outcome = await attempt(run, tools.runner);
  const { personality, runtime, occasion } = run.placeholders;
  try {
    appendEvent(tools.log, {
      ev: "memory-provision",
      identity: identityOf(runtime, personality),
      occasion,
      state: outcome.state,
      exit: outcome.exitCode ?? "",
      signal: outcome.signal,
      ms: outcome.durationMs,
      detail: outcome.detail,
    });
  } catch (error) {
    tools.warn((error as Error).message);
  }
  return outcome;
}

/** Memory is not attached to a folder that is not there; detaching from one that is gone must still be possible. */
async function attempt({ argv, placeholders, timeoutMs, signal }: ProviderRun, runner: Runner): Promise<Outcome> {
  const why = directionOf(placeholders.occasion) === "provision" ? whyNotFolder(placeholders.cwd) : undefined;
  if (why !== undefined) return { state: "not-executable", exitCode: null, signal: null, detail: why, durationMs: 0, argv };
  const { outcome } = await runner.run({ argv, timeoutMs, ...(signal !== undefined && { signal }) });
  return outcome;
}
