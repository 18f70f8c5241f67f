import { identityOf } from "../model/names.ts";
import { isAgentic } from "../model/runtimes.ts";
import type { Env, Layout } from "../core/layout.ts";
import type { Slot } from "../status/slot/types.ts";
import { directionOf, type Occasion } from "./occasions.ts";
import { PROVIDER_TIMEOUT_MS, type ProviderTools, renderArgv, runProvider } from "./provider-command.ts";
import { writeNote } from "./provision-state.ts";

/** A peer as far as provisioning goes. */
export interface Target {
  readonly personality: string;
  readonly cwd: string;
  readonly runtimes: readonly string[];
}

/** What one peer × runtime came to: a run's state, or a row state of the older plugin form. */
export interface ProvisionRow {
  readonly personality: string;
  readonly runtime: string;
  readonly state: string;
  readonly detail?: string;
}

export interface ProvisionContext {
  readonly layout: Layout;
  readonly env: Env;
  readonly slot: Slot;
  readonly tools: ProviderTools;
  readonly signal?: AbortSignal;
}

/** The agentic runtimes of a peer, in its own order. */
export function agenticRuntimes(target: Target): string[] {
  return target.runtimes.filter(isAgentic);
}

/** Whether the slot speaks the newer form; then its plugin is ignored entirely. */
export function declaresCommands(slot: Slot): boolean {
  return slot.provision !== undefined || slot.unprovision !== undefined;
}

/** Runs the provider's command for one peer × runtime and notes what came of it. The slot must declare that direction. */
export async function runProviderFor(
  target: Target,
  runtime: string,
  occasion: Occasion,
  context: ProvisionContext,
): Promise<ProvisionRow> {
  const block = context.slot[directionOf(occasion)]!;
  const placeholders = { cwd: target.cwd, personality: target.personality, runtime, occasion };
  const run = { argv: renderArgv(block, placeholders), placeholders, timeoutMs: PROVIDER_TIMEOUT_MS };
  const { state, detail } = await runProvider(
    { ...run, ...(context.signal !== undefined && { signal: context.signal }) },
    context.tools,
  );
  const row = { personality: target.personality, runtime, state, ...(detail !== undefined && { detail }) };
  noteRow(row, occasion, context);
  return row;
}

/** Keeps a row as the last thing that happened to its identity. */
export function noteRow(row: ProvisionRow, occasion: Occasion, { layout, slot, tools }: ProvisionContext): void {
  try {
    writeNote(layout, identityOf(row.runtime, row.personality), {
      version: 1,
      occasion,
      state: row.state,
      ...(row.detail !== undefined && { detail: row.detail }),
      provider: slot.provider,
      provider_version: slot.version,
      ts: new Date().toISOString(),
    });
  } catch (error) {
    tools.warn((error as Error).message);
  }
}
