import { logDecision } from "../../core/host.ts";
import { refuseOtherApplied, revisionOf, withFleetLock } from "../../fleet/applied.ts";
import type { Problem } from "../../fleet/file/types.ts";
import { planApply, previewPlan, runPlan } from "../../fleet/plan/plan.ts";
import type { Plan, Row } from "../../fleet/plan/types.ts";
import { IapeerError } from "../../model/errors.ts";
import { authorize } from "../authority.ts";
import { openHostView, type HostView } from "../host-view.ts";
import type { App } from "../types.ts";
import { type FleetFile, openFleet, reopenFleet } from "./file.ts";
import { gatherFacts, openSteps } from "./steps/steps.ts";
import type { RecordedSteps } from "./steps/types.ts";

/** How many rows are done at once where a call does not say. */
export const DEFAULT_JOBS = 8;

export interface ApplyOptions {
  /** True for an agent that is to go once it is no longer declared. */
  readonly isPruned: (name: string) => boolean;
  /** End the live sessions of the agents that go. */
  readonly isForced: boolean;
  /** True for an agent of this host that is to be launched when it is not live. */
  readonly isStarted: (name: string) => boolean;
  /** Only tell what would be done. */
  readonly isDryRun: boolean;
  /** How many rows are done at once. */
  readonly jobs: number;
  /** Refuse unless what was applied is at this revision. */
  readonly ifRevision: number | undefined;
}

export interface ApplyRequest extends ApplyOptions {
  /** True: a prune may leave this host without any agent. */
  readonly mayEmpty: boolean;
  /** The file that `--file` names. */
  readonly file: string | undefined;
}

/** The result of an apply, as `--json` prints it. */
export interface ApplyReport {
  /** False where a row failed or was skipped. */
  readonly ok: boolean;
  readonly file: string;
  readonly dry_run: boolean;
  /** That of what was applied, after this call. */
  readonly revision: number;
  readonly registry_revision: number;
  readonly rows: readonly Row[];
  /** The agents that are no longer declared, and stay. */
  readonly undeclared: readonly string[];
  /** Warnings about the fleet file. */
  readonly problems: readonly Problem[];
}

/**
 * Makes this host match its fleet file, or tells what would be done. Every row that fails is a value in the report.
 *
 * @throws IapeerError `not-authorized`, `file-not-found`, `fleet-invalid`, `fleet-prunes-all`: nothing was touched; `revision-conflict`, `lock-busy`,
 *   `interrupted`, and what the registry throws.
 */
export async function applyFleet(
  app: App,
  { file: named, mayEmpty, ...options }: ApplyRequest,
  signal: AbortSignal,
): Promise<ApplyReport> {
  if (!options.isDryRun) authorize(app, "fleet apply");
  const file = openFleet(app, named);
  const act = async (current: FleetFile) => {
    const prepared = prepareApply(app, { file: current, options }, signal);
    if (!mayEmpty) refuseEmptying(prepared);
    return await carryOut(app, prepared, signal);
  };
  if (options.isDryRun) return await act(file);
  // The file may have been edited while another apply held the lock.
  return await withFleetLock(app, async () => await act(reopenFleet(app, file)), signal);
}

/** Refuses a prune that would remove every agent of this host. A file that lost its agents by mistake is the commoner case. */
function refuseEmptying({ plan, file }: Prepared): void {
  const gone = plan.rows.filter(({ op, found }) => op === "remove" && found !== undefined);
  if (gone.length === 0 || file.fleet.agents.some(({ remote }) => remote === undefined)) return;
  const names = gone.map(({ peer }) => peer);
  throw new IapeerError(
    "fleet-prunes-all",
    `${file.path} declares no agent of this host: --prune would remove all of them, ${names.join(", ")}`,
    {
      hint: "look at the file; if all are to go: iapeer fleet apply --prune --allow-empty",
      details: { file: file.path, agents: names },
    },
  );
}

/** An apply that is planned and not begun. */
export interface Prepared {
  readonly file: FleetFile;
  readonly options: ApplyOptions;
  readonly view: HostView;
  readonly plan: Plan;
  readonly steps: RecordedSteps;
}

/** Plans what makes this host match a fleet. Throws `revision-conflict`, and what cannot be read. */
export function prepareApply(app: App, { file, options }: Pick<Prepared, "file" | "options">, signal: AbortSignal): Prepared {
  const view = openHostView(app);
  const facts = gatherFacts(app, { fleet: file.fleet, isPruned: options.isPruned, view });
  refuseOtherApplied(facts.applied, options.ifRevision);
  const plan = planApply(facts);
  const steps = openSteps(app, { plan, facts, view, file: file.path, ...options }, signal);
  return { file, options, view, plan, steps };
}

/** Does what was prepared. The fleet's lock must be held, but for a dry run. */
export async function carryOut(app: App, prepared: Prepared, signal: AbortSignal): Promise<ApplyReport> {
  const { file, options, view, plan, steps } = prepared;
  const rows = options.isDryRun ? previewPlan(plan, steps) : await runTold(app, prepared, signal);
  if (!options.isDryRun) noteApply(app, rows);
  return {
    ok: rows.every(({ status }) => status !== "failed" && status !== "skipped"),
    file: file.path,
    dry_run: options.isDryRun,
    revision: revisionOf(steps.applied()),
    registry_revision: view.registry().revision,
    rows,
    undeclared: plan.left.map(({ name }) => name),
    problems: file.problems,
  };
}

async function runTold({ tell }: App, { plan, steps, options }: Prepared, signal: AbortSignal): Promise<readonly Row[]> {
  const progress = tell.progress(plan.rows.filter(({ op }) => op !== "unchanged").length);
  try {
    return await runPlan(plan, steps, { jobs: options.jobs, signal, onRow: (hasFailed) => progress.step(hasFailed) });
  } finally {
    progress.close();
  }
}

function noteApply(app: App, rows: readonly Row[]): void {
  const changed = rows.filter(({ status }) => status !== "unchanged");
  const count = (op: Row["op"]) => changed.filter((row) => row.op === op && row.status === "done").length;
  if (changed.length === 0) return;
  const failed = changed.filter(({ status }) => status !== "done").length;
  logDecision(app, { ev: "fleet-apply", added: count("add"), updated: count("update"), removed: count("remove"), failed });
}
