import { type ProvisionContext, type ProvisionRow } from "../../provision/attach.ts";
import { isGood } from "../../provision/row-state.ts";
import { attachAtBirth } from "../../provision/birth.ts";
import { readRegistry } from "../../registry/registry.ts";
import type { Peer } from "../../registry/types.ts";
import { readSlot } from "../../status/slot/slot.ts";
import type { Slot } from "../../status/slot/types.ts";
import { type Context, providerTools } from "../app.ts";
import { withInterruption } from "../../cli/interruption.ts";
import { type OutcomeJson, warnOfSlot, withoutName } from "../../cli/outcomes.ts";
import { clearGone } from "./removal.ts";

export interface BirthReport {
  readonly outcomes: readonly OutcomeJson[];
  /** 0, or that of the signal that interrupted it. A provider that fails never fails a birth. */
  readonly status: number;
}

/** Where no provider was to run. */
export const NO_BIRTH: BirthReport = { outcomes: [], status: 0 };

/** Attaches the slot's memory to a peer's new runtimes; a loud warning with the repair command where that does not work. */
export async function giveBirth(peer: Peer, newRuntimes: readonly string[], context: Context): Promise<BirthReport> {
  const { layout, output } = context;
  const { slot, problems } = readSlot(layout);
  warnOfSlot(problems, output);
  if (slot === undefined || newRuntimes.length === 0) return NO_BIRTH;
  return await withInterruption(async ({ signal, exitStatus }) => {
    const birth = { target: peer, runtimes: newRuntimes, allTargets: readRegistry(layout).peers };
    const rows = await attachAtBirth(birth, provisionContext(context, slot, signal));
    if (!signal.aborted) await clearGone([peer], true, context);
    const bad = rows.filter((row) => !isGood(row));
    bad.forEach((row) => output.warn(describeFailure(row)));
    if (bad.length > 0) output.note(`${REPAIR} iapeer memory-plugin on --peer ${peer.personality}`);
    return { outcomes: rows.map(withoutName), status: exitStatus() ?? 0 };
  });
}

const REPAIR = "the peer is registered; to try its memory again:";

function describeFailure({ personality, runtime, state, detail }: ProvisionRow): string {
  return `memory of ${personality} (${runtime}) was not attached: ${state}${detail === undefined ? "" : `: ${detail}`}`;
}

/** What provisioning needs of a call. */
export function provisionContext(context: Context, slot: Slot, signal: AbortSignal): ProvisionContext {
  return { layout: context.layout, env: context.env, slot, signal, tools: providerTools(context) };
}
