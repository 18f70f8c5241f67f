import pMap from "p-map";
import { IapeerError } from "../../model/errors.ts";
import { Board } from "./board.ts";
import { inRounds, orderRows } from "./order.ts";
import { Registrations } from "./registrations.ts";
import { planRows } from "./rows.ts";
import type { ApplySteps, Plan, PlanFacts, PlannedRow, Row, PlanRunOptions } from "./types.ts";

/**
 * Plans what makes a host match a fleet file. The same facts make the same plan; where nothing differs, every row is `unchanged`.
 *
 * @example
 * const plan = planApply(facts);
 * const rows = await runPlan(plan, steps, { jobs: 8, signal, onRow });
 */
export function planApply(facts: PlanFacts): Plan {
  const { rows, left } = planRows(facts);
  return { rows: orderRows(rows, facts), left };
}

/** Tells what runPlan would try, as far as that can be known without a change. */
export function previewPlan({ rows }: Plan, { check, isToLaunch }: Pick<ApplySteps, "check" | "isToLaunch">): readonly Row[] {
  const board = new Board(rows);
  checkRows(rows, board, check);
  const { rounds, stuck } = inRounds(rows);
  stuck.forEach((row) => board.fail(row, "check", deadlock(row)));
  for (const row of rounds.flat()) {
    if (!board.stands(row) || board.skipIfBlocked(row)) continue;
    const isLaunched = isLocal(row) && isToLaunch(row);
    if (isLaunched || row.op !== "unchanged") board.plan(row, isLaunched);
  }
  return board.rows();
}

/**
 * Carries out a plan. All rows are checked before anything is changed. Then rows are changed, each after those that it waits for; the
 * result is recorded; units and sessions follow. A row that fails only keeps back the rows that wait for it.
 *
 * @returns what became of each row, in the plan's order; it throws nothing that a step threw
 */
export async function runPlan({ rows }: Plan, steps: ApplySteps, options: PlanRunOptions): Promise<readonly Row[]> {
  const board = new Board(rows);
  checkRows(rows, board, steps.check);
  if (announceRows(rows, board, steps)) await changeRows(rows, board, { steps, ...options });
  recordRows(rows, board, steps);
  const local = rows.filter(isLocal);
  await syncUnits(board.standing(local), board, steps);
  await launchRows(local, board, { steps, ...options });
  return board.rows();
}

interface Run extends PlanRunOptions {
  readonly steps: ApplySteps;
}

function isLocal({ agent }: PlannedRow): boolean {
  return agent !== undefined && agent.remote === undefined;
}

function checkRows(rows: readonly PlannedRow[], board: Board, check: ApplySteps["check"]): void {
  for (const row of rows) {
    try {
      check(row);
    } catch (error) {
      board.fail(row, "check", error);
    }
  }
}

/** Returns whether it is recorded what is about to be added. Where it cannot be, nothing is begun. */
function announceRows(rows: readonly PlannedRow[], board: Board, { announce }: ApplySteps): boolean {
  try {
    announce(board.standing(rows).filter((row) => row.op === "add" && isLocal(row)));
    return true;
  } catch (error) {
    failChanged(board.standing(rows), board, error);
    return false;
  }
}

async function changeRows(rows: readonly PlannedRow[], board: Board, run: Run): Promise<void> {
  const { rounds, stuck } = inRounds(rows);
  stuck.forEach((row) => board.fail(row, "check", deadlock(row)));
  for (const round of rounds) {
    const able = board.standing(round).filter((row) => !board.skipIfBlocked(row) && row.op !== "unchanged");
    const registrations = new Registrations(able, run.steps.register);
    await pMap(able, async (row) => await changeRow(row, board, { ...run, registrations }), { concurrency: run.jobs });
  }
}

async function changeRow(
  row: PlannedRow,
  board: Board,
  { steps, signal, onRow, registrations }: Run & { readonly registrations: Registrations },
): Promise<void> {
  if (signal.aborted && !registrations.isBegun(row)) return board.interrupt(row);
  await board.attempt(row, row.op === "remove" ? "remove" : "register", async (enter) => {
    await registrations.register(row);
    board.done(row, await steps.change(row, enter));
  });
  onRow(!board.stands(row));
}

function recordRows(rows: readonly PlannedRow[], board: Board, { record }: ApplySteps): void {
  const standing = board.standing(rows);
  try {
    record(
      standing,
      rows.filter((row) => !board.stands(row)),
    );
  } catch (error) {
    failChanged(standing, board, error);
  }
}

function failChanged(rows: readonly PlannedRow[], board: Board, error: unknown): void {
  rows.filter(({ op }) => op !== "unchanged").forEach((row) => board.fail(row, "record", error));
}

async function syncUnits(rows: readonly PlannedRow[], board: Board, { units }: ApplySteps): Promise<void> {
  try {
    const changed = await units?.();
    rows.filter(({ peer }) => changed?.has(peer)).forEach((row) => board.done(row, { stage: "unit" }));
  } catch (error) {
    rows
      .filter(({ agent, before }) => agent?.isPersistent || before?.isPersistent)
      .forEach((row) => board.fail(row, "unit", error));
  }
}

async function launchRows(local: readonly PlannedRow[], board: Board, { steps, jobs, signal }: Run): Promise<void> {
  await pMap(
    board.standing(local).filter(steps.isToLaunch),
    async (row) => {
      if (signal.aborted) return board.interrupt(row);
      await board.attempt(row, "launch", async () => {
        if (await steps.launch(row)) board.done(row, { stage: "launch", message: "launched" });
      });
    },
    { concurrency: jobs },
  );
}

function deadlock({ peer, waitsOn }: PlannedRow): IapeerError {
  return new IapeerError("folder-taken", `${peer} waits for ${waitsOn.join(" and ")} to leave its folder, and they for it`, {
    hint: "give one of them another folder, apply, then the one that is meant",
  });
}
