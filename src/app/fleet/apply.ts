import { type Plan, planApply, type PlannedRow } from "../../fleet/plan/plan.ts";
import { type ApplySteps, previewPlan, type Row, runPlan } from "../../fleet/plan/run.ts";
import { logDecision } from "../../core/host.ts";
import type { Context } from "../app.ts";
import { withInterruption } from "../../cli/interruption.ts";
import { openProgress } from "../../cli/progress.ts";
import { readRegistry } from "../../registry/registry.ts";
import { gatherFacts } from "./facts.ts";
import type { FleetFile } from "../../cli/fleet/fleet-file.ts";
import { openSteps } from "./steps.ts";

/** How many rows are done at once when nobody says. */
export const DEFAULT_JOBS = 8;

export interface ApplyOptions {
  /** Whether an agent that is declared no more is to go. */
  readonly isPruned: (name: string) => boolean;
  /** End the live sessions of those that go. */
  readonly isForced: boolean;
  /** Whether an agent of this host is to be launched when it is not live. */
  readonly isStarted: (name: string) => boolean;
  readonly isDryRun: boolean;
  readonly jobs: number;
  readonly ifRevision: number | undefined;
}

/** What an apply came to, as it is printed. */
export interface ApplyReport {
  readonly ok: boolean;
  readonly file: string;
  readonly dry_run: boolean;
  /** The registry's. */
  readonly revision: number;
  readonly rows: readonly Row[];
  /** Who is declared no more, and was not pruned. */
  readonly undeclared: readonly string[];
  readonly problems: FleetFile["problems"];
}

export interface Applied {
  readonly report: ApplyReport;
  readonly status: number;
}

/** A plan, and how its rows are done. */
export interface Prepared {
  readonly plan: Plan;
  readonly steps: ApplySteps;
}

/** Plans what makes this host match a fleet. Throws `revision-conflict`, and what cannot be read. */
export function prepareApply(
  { path, fleet }: Pick<FleetFile, "path" | "fleet">,
  options: ApplyOptions & { readonly signal: AbortSignal },
  context: Context,
): Prepared {
  const { layout } = context;
  const registry = readRegistry(layout);
  registry.requireRevision(options.ifRevision);
  const facts = gatherFacts(fleet, registry, { layout, isPruned: options.isPruned });
  const plan = planApply(facts);
  return { plan, steps: openSteps({ plan, facts, registry, file: path, ...options }, context) };
}

/** Makes this host match a fleet file, or says what would be done. The fleet's lock must be held, unless nothing is to be done. */
export async function applyFleet(file: Omit<FleetFile, "text">, options: ApplyOptions, context: Context): Promise<Applied> {
  return await withInterruption(async ({ signal, exitStatus }) => {
    const { plan, steps } = prepareApply(file, { ...options, signal }, context);
    const rows = options.isDryRun
      ? await previewPlan(plan, steps)
      : await runWithProgress({ plan, steps }, { jobs: options.jobs, signal }, context);
    if (!options.isDryRun) noteApply(rows, context);
    const ok = rows.every(({ status }) => status !== "failed" && status !== "skipped");
    const report = {
      ok,
      file: file.path,
      dry_run: options.isDryRun,
      revision: readRegistry(context.layout).revision,
      rows,
      undeclared: plan.left.map(({ name }) => name),
      problems: file.problems,
    };
    return { report, status: exitStatus() ?? (ok ? 0 : 1) };
  });
}

async function runWithProgress(
  { plan, steps }: Prepared,
  run: { readonly jobs: number; readonly signal: AbortSignal },
  { output }: Context,
): Promise<Row[]> {
  const changing = plan.rows.filter(({ op }: PlannedRow) => op !== "unchanged");
  const progress = openProgress(output, changing.length);
  try {
    return await runPlan(plan, steps, { ...run, onRow: (hasFailed) => progress.step(hasFailed) });
  } finally {
    progress.close();
  }
}

function noteApply(rows: readonly Row[], context: Context): void {
  const changed = rows.filter(({ status }) => status !== "unchanged");
  const count = (op: Row["op"]) => changed.filter((row) => row.op === op && row.status === "done").length;
  if (changed.length === 0) return;
  const failed = changed.filter(({ status }) => status !== "done").length;
  logDecision(context, { ev: "fleet-apply", added: count("add"), updated: count("update"), removed: count("remove"), failed });
}
