import { isGood, type ProvisionContext } from "../provision/attach.ts";
import { attachAtBirth } from "../provision/birth.ts";
import { type Peer, peersOf } from "../registry/schema.ts";
import { readRegistry } from "../registry/store.ts";
import type { Slot } from "../status/slot-schema.ts";
import { readSlot } from "../status/slot.ts";
import { type Context, providerTools } from "./context.ts";
import { withInterruption } from "./interruption.ts";
import type { OutcomeJson } from "./outcomes.ts";

export interface BirthReport {
  readonly outcomes: readonly OutcomeJson[];
  /** 0, or that of the signal that interrupted it. A provider that fails never fails a birth. */
  readonly status: number;
}

/** Attaches the slot's memory to a peer's new runtimes; a loud warning with the repair command where that does not work. */
export async function giveBirth(peer: Peer, newRuntimes: readonly string[], context: Context): Promise<BirthReport> {
  const { layout, output } = context;
  const { slot, problems } = readSlot(layout);
  problems.filter(({ severity }) => severity === "error").forEach(({ message }) => output.warn(`memory slot: ${message}`));
  if (slot === undefined || newRuntimes.length === 0) return { outcomes: [], status: 0 };
  return await withInterruption(async ({ signal, exitStatus }) => {
    const birth = { target: peer, runtimes: newRuntimes, allTargets: peersOf(readRegistry(layout)) };
    const rows = await attachAtBirth(birth, provisionContext(context, slot, signal));
    for (const row of rows.filter((one) => !isGood(one))) {
      output.warn(`memory of ${peer.personality} (${row.runtime}): ${row.state}${row.detail === undefined ? "" : `: ${row.detail}`}`);
    }
    if (rows.some((row) => !isGood(row))) output.note(`the peer is registered; to try its memory again: iapeer memory-plugin on --peer ${peer.personality}`);
    return { outcomes: rows.map(withoutName), status: exitStatus() ?? 0 };
  });
}

/** What provisioning needs of a call. */
export function provisionContext(context: Context, slot: Slot, signal: AbortSignal): ProvisionContext {
  return { layout: context.layout, env: context.env, slot, signal, tools: providerTools(context) };
}

/** A row without the name that stands above it anyway. */
export function withoutName({ runtime, state, detail }: OutcomeJson): OutcomeJson {
  return { runtime, state, ...(detail !== undefined && { detail }) };
}
