import { IapeerError } from "../model/errors.ts";
import { isGood } from "../model/provisioning.ts";
import { nameMemory, requireRunnable } from "../provision/form.ts";
import { type Sweep, sweepMemory } from "../provision/provision.ts";
import type { ProvisionRow } from "../provision/types.ts";
import type { Slot } from "../status/slot/types.ts";
import { readSlot } from "../status/slot/slot.ts";
import { authorize } from "./authority.ts";
import { chooseTargets, type PeerChoice, refuseLeaving, type Targets } from "./choose.ts";
import { clearGone, warnOfSlot } from "./memory.ts";
import type { App } from "./types.ts";

export interface MemoryRequest {
  readonly direction: "on" | "off";
  readonly choice: PeerChoice;
  /** How many commands run at once. */
  readonly jobs: number;
}

/** How attaching or detaching the host's memory ended. */
export type MemoryReport =
  /** The slot has nothing to run in that direction. */
  | { readonly kind: "refused"; readonly plugin: string | null; readonly error: IapeerError }
  | {
      readonly kind: "swept";
      readonly plugin: string;
      /** In registry order, whatever ended first. */
      readonly outcomes: readonly ProvisionRow[];
      readonly wasInterrupted: boolean;
    };

/** As `memory-plugin --json` prints it. */
export interface MemoryReportJson {
  readonly ok: boolean;
  readonly plugin: string | null;
  readonly error?: string;
  readonly outcomes: readonly ProvisionRow[];
}

export function toMemoryReportJson(report: MemoryReport): MemoryReportJson {
  if (report.kind === "refused") return { ok: false, plugin: report.plugin, error: report.error.message, outcomes: [] };
  const { plugin, outcomes, wasInterrupted } = report;
  const failed = outcomes.filter((row) => !isGood(row)).length;
  const error = wasInterrupted ? "interrupted" : failed > 0 ? `${failed} of ${outcomes.length} failed` : undefined;
  return { ok: error === undefined, plugin, ...(error !== undefined && { error }), outcomes };
}

/**
 * Attaches or detaches the host's memory, for one peer or for all. The signal ends the running commands with all they started; the rows
 * that were not begun are `not-run`.
 *
 * @throws IapeerError `not-authorized`, `peer-not-found`, `peer-being-removed`: memory is not attached to a peer whose removal has begun.
 */
export async function sweepPeers(
  app: App,
  { direction, choice, jobs }: MemoryRequest,
  signal: AbortSignal,
): Promise<MemoryReport> {
  authorize(app, "memory-plugin", choice.kind === "peer" ? choice.personality : undefined);
  const chosen = chooseTargets(app, choice);
  const targets = direction === "on" ? withoutLeaving(chosen, choice) : chosen.targets;
  const occasion = direction === "on" ? "sweep-on" : choice.kind === "all" ? "off-all" : "off-peer";
  const found = findSlot(app, occasion);
  if ("error" in found) return { kind: "refused", ...found };
  const { slot } = found;
  const outcomes = await sweepMemory(app, { slot, occasion, targets, allTargets: chosen.all, jobs }, signal);
  if (!signal.aborted) await clearGone(app, { targets, wasAttached: direction === "on" }, signal);
  return { kind: "swept", plugin: nameMemory(slot), outcomes, wasInterrupted: signal.aborted };
}

function withoutLeaving({ targets }: Targets, choice: PeerChoice): Targets["targets"] {
  if (choice.kind === "peer") targets.forEach(refuseLeaving);
  return targets.filter(({ isBeingRemoved }) => !isBeingRemoved);
}

type Found = { readonly slot: Slot } | { readonly plugin: string | null; readonly error: IapeerError };

function findSlot(app: App, occasion: Sweep["occasion"]): Found {
  const reading = readSlot(app.layout);
  try {
    return { slot: requireRunnable(reading, occasion) };
  } catch (error) {
    if (!(error instanceof IapeerError)) throw error;
    // An insecure slot is the error itself.
    const others = reading.problems.filter(({ code }) => code !== "slot-insecure");
    warnOfSlot(app, others);
    return { plugin: reading.slot === undefined ? null : nameMemory(reading.slot), error };
  }
}
