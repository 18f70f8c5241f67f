import { isAgentic } from "../model/runtimes.ts";
import type { Layout } from "../core/layout.ts";
import type { Slot } from "../status/slot/types.ts";
import { declaresCommands, noteRow, type ProvisionContext, type ProvisionRow, runProviderFor, type Target } from "./attach.ts";
import { switchOffForBirth } from "./native-memory-step.ts";
import { runPluginForm } from "./plugin-form.ts";
import { directionOf } from "./occasions.ts";
import { readNote } from "./provision-state.ts";
import { isGood } from "./row-state.ts";

export interface Birth {
  readonly target: Target;
  /** The runtimes that are new. */
  readonly runtimes: readonly string[];
  readonly allTargets: readonly Target[];
}

/**
 * Whether the birth of a peer's runtime is still to be done: it was killed before its end, or did not succeed. Memory that a person has
 * taken away since stays away.
 */
export function isUnborn(
  slot: Slot,
  { personality, runtime }: Pick<ProvisionRow, "personality" | "runtime">,
  layout: Layout,
): boolean {
  const attaches = slot.provision !== undefined || (slot.plugin !== undefined && !declaresCommands(slot));
  if (!isAgentic(runtime) || !attaches) return false;
  const note = readNote(layout, runtime, personality);
  return note === undefined || (!isGood(note) && directionOf(note.occasion) === "provision");
}

/**
 * Attaches the host's memory to new runtimes of a peer: first the runtime's own memory goes off, only then
 * the provider runs. What fails is a row and a warning; a birth itself never fails of it.
 */
export async function attachAtBirth(birth: Birth, context: ProvisionContext): Promise<ProvisionRow[]> {
  const rows: ProvisionRow[] = [];
  for (const runtime of birth.runtimes.filter(isAgentic)) {
    if (context.signal?.aborted) break;
    await switchOffForBirth(birth.target, runtime, context);
    rows.push(...(await attachOne(birth, runtime, context)));
  }
  return rows;
}

async function attachOne({ target, allTargets }: Birth, runtime: string, context: ProvisionContext): Promise<ProvisionRow[]> {
  const { slot, tools } = context;
  if (slot.provision !== undefined) return [await runProviderFor(target, runtime, "birth", context)];
  if (declaresCommands(slot)) {
    tools.warn(`provider "${slot.provider}" declares no provision command: ${target.personality} is born without memory`);
    return [];
  }
  if (slot.plugin === undefined) {
    tools.warn(`provider "${slot.provider}" declares nothing to run: ${target.personality} is born without memory`);
    return [];
  }
  return await runPluginForm({
    direction: "on",
    scope: "peer",
    targets: [{ ...target, runtimes: [runtime] }],
    allTargets,
    plugin: slot.plugin,
    runner: tools.runner,
    env: context.env,
    jobs: 1,
    ...(context.signal !== undefined && { signal: context.signal }),
    onRow: (row) => noteRow(row, "birth", context),
  });
}
