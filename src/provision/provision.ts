import pMap from "p-map";
import type { Layout } from "../core/layout.ts";
import { IapeerError } from "../model/errors.ts";
import { identityOf } from "../model/names.ts";
import { type AgenticRuntime, isAgentic } from "../model/runtimes.ts";
import { directionOf, isGood, NOT_RUN, type Occasion, SKIPPED } from "../model/provisioning.ts";
import type { Slot } from "../status/slot/types.ts";
import { PROVIDER_TIMEOUT_MS, renderArgv, runProvider } from "./command.ts";
import { declaresCommands, formOf } from "./form.ts";
import { switchNative, takeBackTrust } from "./native-memory/native-memory.ts";
import { purgeState, readNote, writeNote } from "./memory-state.ts";
import { runPluginSweep } from "./plugin/plugin.ts";
import type { ProvisionHost, ProvisionRow, Target } from "./types.ts";

export interface BirthQuestion {
  readonly slot: Slot | undefined;
  readonly personality: string;
  readonly runtime: string;
}

/**
 * True while the birth of a peer's runtime is still to be done: it was killed, or it failed. Memory that a
 * person has detached since stays detached.
 */
export function isUnborn(layout: Layout, { slot, personality, runtime }: BirthQuestion): boolean {
  if (slot === undefined || !isAgentic(runtime) || formOf(slot, "provision") === "none") return false;
  const note = readNote(layout, runtime, personality);
  return note === undefined || (!isGood(note) && directionOf(note.occasion) === "provision");
}

/** The peers that something runs for. */
interface Round {
  readonly slot: Slot;
  readonly occasion: Occasion;
  /** In registry order. */
  readonly targets: readonly Target[];
  /** Every peer of the host: codex has one plugin for all. */
  readonly allTargets: readonly Target[];
  /** How many commands run at once. */
  readonly jobs: number;
  /** Called with each row as it ends, in any order. */
  readonly onRow?: (row: ProvisionRow) => void;
}

export interface Sweep extends Omit<Round, "onRow"> {
  readonly occasion: Exclude<Occasion, "birth" | "remove">;
}

/**
 * Attaches or detaches the host's memory for many peers, and tells its progress. The slot passed requireRunnable.
 *
 * @param signal ends the running commands with everything they started.
 * @returns a row for each peer and agentic runtime, in the order of the targets. A peer without an agentic runtime has one
 * row that says so. A row that an interruption kept from starting is `not-run`.
 */
export async function sweepMemory(host: ProvisionHost, sweep: Sweep, signal: AbortSignal): Promise<ProvisionRow[]> {
  const planned = sweep.targets.flatMap(planRows);
  const progress = host.tell.progress(planned.length);
  const onRow = (row: ProvisionRow) => progress.step(!isGood(row));
  planned.filter(({ state }) => state === SKIPPED).forEach(onRow);
  try {
    const done = await runRound(host, { ...sweep, onRow }, signal);
    const byIdentity = new Map(done.map((row) => [keyOf(row), row]));
    return planned.map((row) => byIdentity.get(keyOf(row)) ?? row);
  } finally {
    progress.close();
  }
}

function planRows({ personality, runtimes }: Target): ProvisionRow[] {
  const agentic = runtimes.filter(isAgentic);
  if (agentic.length === 0) return [{ personality, runtime: runtimes[0] ?? "", state: SKIPPED }];
  return agentic.map((runtime) => ({ personality, runtime, state: NOT_RUN }));
}

function keyOf({ runtime, personality }: ProvisionRow): string {
  return identityOf(runtime, personality);
}

export interface Birth extends Pick<Round, "slot" | "allTargets"> {
  readonly target: Target;
  /** The runtimes that are new. */
  readonly runtimes: readonly string[];
}

/**
 * Attaches the host's memory to new runtimes of a peer. The runtime's own memory goes off first, and only then the provider
 * runs. A provider that fails is a row, and a slot without a provision command is a warning.
 *
 * @returns a row for each agentic runtime that was begun before the signal.
 * @throws IapeerError `write-failed`: the state folder or the lock's folder cannot be written.
 */
export async function attachAtBirth(host: ProvisionHost, birth: Birth, signal: AbortSignal): Promise<ProvisionRow[]> {
  const { slot, target, allTargets } = birth;
  const rows: ProvisionRow[] = [];
  for (const runtime of birth.runtimes.filter(isAgentic)) {
    if (signal.aborted || !(await switchOffForBirth(host, { target, runtime }, signal))) break;
    if (formOf(slot, "provision") === "none") host.tell.warn(describeNoBirth(slot, target));
    const targets = [{ ...target, runtimes: [runtime] }];
    rows.push(...(await runRound(host, { slot, occasion: "birth", targets, allTargets, jobs: 1 }, signal)));
  }
  return rows;
}

/** Settings that are left alone are a warning, and the birth goes on. False: the signal ended the wait for their lock. */
async function switchOffForBirth(
  host: ProvisionHost,
  { target, runtime }: { readonly target: Target; readonly runtime: AgenticRuntime },
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const { state, detail } = await switchNative(host, { target, runtime, direction: "off" }, signal);
    if (state === "left-alone") host.tell.warn(`${runtime}'s own memory stays on for ${target.personality}: ${detail}`);
    return true;
  } catch (error) {
    if (error instanceof IapeerError && error.code === "interrupted") return false;
    throw error;
  }
}

function describeNoBirth(slot: Slot, { personality }: Target): string {
  const missing = declaresCommands(slot) ? "declares no provision command" : "declares nothing to run";
  return `provider "${slot.provider}" ${missing}: ${personality} is born without memory`;
}

export interface Detachment extends Pick<Round, "allTargets"> {
  /** undefined: an empty slot, which has nothing to detach. */
  readonly slot: Slot | undefined;
  /** The peer, with the runtimes that leave. */
  readonly target: Target;
}

/**
 * Detaches the host's memory from runtimes of a peer. A provider that fails is a row, and one without an unprovision command
 * is a warning.
 *
 * @returns a row for each agentic runtime that was begun before the signal.
 */
export async function detachAtRemoval(host: ProvisionHost, removal: Detachment, signal: AbortSignal): Promise<ProvisionRow[]> {
  const { slot, target, allTargets } = removal;
  if (slot === undefined || !target.runtimes.some(isAgentic)) return [];
  if (declaresCommands(slot) && slot.unprovision === undefined) {
    host.tell.warn(
      `provider "${slot.provider}" declares no unprovision command: what it attached to ${target.personality} stays`,
    );
  }
  return await runRound(host, { slot, occasion: "remove", targets: [target], allTargets, jobs: 1 }, signal);
}

/**
 * Deletes everything that iapeer keeps about runtimes of a peer, and removes the trust that iapeer added for them.
 *
 * @param request.sharers the other peers of its folder, who keep the trust
 * @returns the names of the deleted files.
 * @throws IapeerError `interrupted`, `read-failed`, `write-failed`.
 */
export async function purgePeer(
  host: ProvisionHost,
  request: { readonly target: Target; readonly sharers: () => readonly Target[] },
  signal: AbortSignal,
): Promise<string[]> {
  const { target } = request;
  await takeBackTrust(host, request, signal);
  return target.runtimes.flatMap((runtime) => purgeState(host.layout, identityOf(runtime, target.personality)));
}

/** Rows that the signal kept from starting are left out. */
async function runRound(host: ProvisionHost, round: Round, signal: AbortSignal): Promise<ProvisionRow[]> {
  const form = formOf(round.slot, directionOf(round.occasion));
  if (form === "none") return [];
  return form === "command" ? await runCommands(host, round, signal) : await runPlugin(host, round, signal);
}

async function runCommands(host: ProvisionHost, round: Round, signal: AbortSignal): Promise<ProvisionRow[]> {
  const { slot, occasion, targets, jobs, onRow } = round;
  const planned = targets.flatMap((target) => target.runtimes.filter(isAgentic).map((runtime) => ({ target, runtime })));
  const rows = await pMap(
    planned,
    async (one) => {
      if (signal.aborted) return undefined;
      const row = await runProviderFor(host, { slot, occasion, ...one }, signal);
      onRow?.(row);
      return row;
    },
    { concurrency: jobs },
  );
  return rows.filter((row) => row !== undefined);
}

export interface OneRun extends Pick<Round, "slot" | "occasion"> {
  readonly target: Target;
  readonly runtime: AgenticRuntime;
}

/**
 * Runs the provider's command for one peer and one runtime, and keeps the row as its note. The slot declares that command.
 *
 * @param signal ends the command with everything it started.
 */
export async function runProviderFor(
  host: ProvisionHost,
  { slot, occasion, target, runtime }: OneRun,
  signal: AbortSignal,
): Promise<ProvisionRow> {
  const { cwd, personality } = target;
  const placeholders = { cwd, personality, runtime, occasion };
  const argv = renderArgv(slot[directionOf(occasion)]!, placeholders);
  const { state, detail } = await runProvider(host, { argv, placeholders, timeoutMs: PROVIDER_TIMEOUT_MS }, signal);
  const row = { personality, runtime, state, ...(detail !== undefined && { detail }) };
  keepNote(host, row, { slot, occasion });
  return row;
}

async function runPlugin(host: ProvisionHost, round: Round, signal: AbortSignal): Promise<ProvisionRow[]> {
  const { slot, occasion, targets, allTargets, jobs } = round;
  const ours = new Set(targets.map(({ personality }) => personality));
  return await runPluginSweep({
    runner: host.runner,
    env: host.env,
    signal,
    plugin: slot.plugin!,
    direction: directionOf(occasion) === "provision" ? "on" : "off",
    targets,
    others: occasion === "off-all" ? [] : allTargets.filter(({ personality }) => !ours.has(personality)),
    jobs,
    onRow: (row) => {
      // A removal purges the notes right after this.
      if (occasion !== "remove") keepNote(host, row, round);
      round.onRow?.(row);
    },
  });
}

/** A note that cannot be written is a warning: the run itself is done. */
function keepNote(
  { layout, now, tell }: ProvisionHost,
  row: ProvisionRow,
  { slot, occasion }: Pick<Round, "slot" | "occasion">,
): void {
  const { provider, version } = slot;
  const { personality, runtime, state, detail } = row;
  const kept = { occasion, state, ...(detail !== undefined && { detail }), provider, provider_version: version };
  try {
    writeNote(layout, identityOf(runtime, personality), { version: 1, ...kept, ts: now().toISOString() });
  } catch (error) {
    tell.warn((error as Error).message);
  }
}
