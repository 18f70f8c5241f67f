import { logDecision } from "../core/host.ts";
import type { Outcome } from "../core/process/command.ts";
import { whyNotFolder } from "../core/process/runner.ts";
import { identityOf } from "../model/names.ts";
import { directionOf, type Occasion } from "../model/provisioning.ts";
import type { ProviderBlock } from "../status/slot/types.ts";
import type { ProvisionHost } from "./types.ts";

/** The limit of one run where the caller gives none (contract 6). */
export const PROVIDER_TIMEOUT_MS = 120_000;

/** The values of the `{words}` in a provider's arguments. */
export interface Placeholders {
  readonly cwd: string;
  readonly runtime: string;
  readonly personality: string;
  readonly occasion: Occasion;
}

/**
 * The argv of one run. Each `{word}` is replaced once, in one pass. Words inside a value stay as they are, and so do
 * unknown words.
 *
 * @example
 * renderArgv({ command: "/bin/m", args: ["--cwd={cwd}"] }, placeholders); // ["/bin/m", "--cwd=/home/a"]
 */
export function renderArgv(block: ProviderBlock, values: Placeholders): string[] {
  const replaced = block.args.map((argument) =>
    argument.replace(/\{(cwd|runtime|personality|occasion)\}/g, (_whole, word: keyof Placeholders) => values[word]),
  );
  return [block.command, ...replaced];
}

export interface ProviderRun {
  readonly argv: readonly string[];
  /** The values that the argv was rendered with: the folder is looked at, the rest is logged. */
  readonly placeholders: Placeholders;
  readonly timeoutMs: number;
}

/**
 * Runs one provider command as contract 6 says, and writes one line into lifecycle.log. It never throws.
 *
 * @param signal ends the command with everything it started.
 */
export async function runProvider(host: ProvisionHost, run: ProviderRun, signal: AbortSignal): Promise<Outcome> {
  const outcome = await attempt(host, run, signal);
  const { personality, runtime, occasion } = run.placeholders;
  logDecision(host, {
    ev: "memory-provision",
    identity: identityOf(runtime, personality),
    occasion,
    state: outcome.state,
    exit: outcome.exitCode ?? "",
    signal: outcome.signal,
    ms: outcome.durationMs,
    detail: outcome.detail,
  });
  return outcome;
}

/** A missing folder stops an attachment. It does not stop a detachment: the provider still has to clean up. */
async function attempt({ runner }: ProvisionHost, run: ProviderRun, signal: AbortSignal): Promise<Outcome> {
  const { argv, placeholders, timeoutMs } = run;
  const why = directionOf(placeholders.occasion) === "provision" ? whyNotFolder(placeholders.cwd) : undefined;
  if (why !== undefined) return { state: "not-executable", exitCode: null, signal: null, detail: why, durationMs: 0, argv };
  const { outcome } = await runner.run({ argv, timeoutMs, signal });
  return outcome;
}
