import pMap from "p-map";
import { type Cause, IapeerError, rowOf } from "../../model/errors.ts";
import { inRounds, type Op, type Plan, type PlannedRow } from "./plan.ts";

/** How far a row came: the step that it ended in, or that failed. */
export type Stage = "check" | "remove" | "register" | "memory" | "record" | "unit" | "launch";

/** What became of one row, as it is printed. */
export interface Row {
  readonly peer: string;
  readonly op: Op;
  /** `planned` is only there in a preview: it would be tried. */
  readonly status: "done" | "unchanged" | "skipped" | "failed" | "planned";
  readonly stage: Stage;
  readonly cause: Cause | null;
  readonly retryable: boolean;
  readonly message: string | null;
}

/** What a step that went well has to say. */
export interface Done {
  /** Where it ended. */
  readonly stage: Stage;
  readonly message?: string;
  readonly cause?: Cause;
}

/** How rows are done. Each throws what stood in its way. */
export interface ApplySteps {
  /** Looks whether a row can be done, and touches nothing. */
  readonly check: (row: PlannedRow) => Promise<void>;
  /** Writes down, before anything is touched, who may be here because of this fleet from now on. */
  readonly announce: (added: readonly PlannedRow[]) => void;
  /** Registers, updates or removes one peer; `enter` says which stage it is at. */
  readonly change: (row: PlannedRow, enter: (stage: Stage) => void) => Promise<Done>;
  /** Writes down what is applied now: the rows that stand, and those that do not. */
  readonly record: (standing: readonly PlannedRow[], failed: readonly PlannedRow[]) => void;
  /** Brings the units that start agents at boot in step with what is recorded; undefined: nothing starts them. Whose was changed. */
  readonly units: (() => ReadonlySet<string>) | undefined;
  /** Whether an agent of this host is to be launched: it is asked for, and not live. */
  readonly isToLaunch: (row: PlannedRow) => boolean;
  /** Launches one agent. Whether it was, and not live already. */
  readonly launch: (row: PlannedRow) => Promise<boolean>;
}

export interface RunOptions {
  /** How many rows at once. */
  readonly jobs: number;
  /** Once aborted, no further row is begun. */
  readonly signal: AbortSignal;
  /** One more row is changed. */
  readonly onRow: (hasFailed: boolean) => void;
}

/**
 * Does a plan: everything is checked before anything is touched, then the rows are changed, each after those that it waits for, then what
 * stands is recorded, and then units and sessions follow. A row that cannot be done keeps none back but those that wait for it.
 */
export async function runPlan({ rows }: Plan, steps: ApplySteps, options: RunOptions): Promise<Row[]> {
  const board = new Board(rows);
  for (const row of rows) await board.attempt(row, "check", async () => await steps.check(row));
  if (announceRows(rows, board, steps)) await changeRows(rows, board, { steps, ...options });
  recordRows(rows, board, steps);
  const local = rows.filter(isLocal);
  syncUnits(board.standing(local), board, steps);
  await launchRows(local, board, { steps, ...options });
  return board.rows();
}

/** What runPlan would try, as far as looking tells; nothing is touched. */
export async function previewPlan(
  { rows }: Plan,
  { check, isToLaunch }: Pick<ApplySteps, "check" | "isToLaunch">,
): Promise<Row[]> {
  const board = new Board(rows);
  for (const row of rows) await board.attempt(row, "check", async () => await check(row));
  const { rounds, stuck } = inRounds(rows);
  stuck.forEach((row) => board.fail(row, "check", deadlock(row)));
  for (const row of rounds.flat()) {
    if (!board.stands(row) || board.skipIfBlocked(row)) continue;
    const isLaunched = isLocal(row) && isToLaunch(row);
    if (isLaunched || row.op !== "unchanged") board.plan(row, isLaunched);
  }
  return board.rows();
}

function isLocal({ agent }: PlannedRow): boolean {
  return agent !== undefined && agent.remote === undefined;
}

interface Run extends RunOptions {
  readonly steps: ApplySteps;
}

async function changeRows(rows: readonly PlannedRow[], board: Board, { steps, jobs, signal, onRow }: Run): Promise<void> {
  const { rounds, stuck } = inRounds(rows);
  stuck.forEach((row) => board.fail(row, "check", deadlock(row)));
  for (const round of rounds) {
    const able = board.standing(round).filter((row) => !board.skipIfBlocked(row) && row.op !== "unchanged");
    await pMap(
      able,
      async (row) => {
        if (signal.aborted) return board.interrupt(row);
        await board.attempt(row, row.op === "remove" ? "remove" : "register", async (enter) =>
          board.done(row, await steps.change(row, enter)),
        );
        onRow(!board.stands(row));
      },
      { concurrency: jobs },
    );
  }
}

async function launchRows(
  local: readonly PlannedRow[],
  board: Board,
  { steps: { isToLaunch, launch }, jobs, signal }: Run,
): Promise<void> {
  await pMap(
    board.standing(local).filter(isToLaunch),
    async (row) => {
      if (signal.aborted) return board.interrupt(row);
      await board.attempt(row, "launch", async () =>
        (await launch(row)) ? board.done(row, { stage: "launch", message: "launched" }) : undefined,
      );
    },
    { concurrency: jobs },
  );
}

/** Whether it is written down. Where it cannot be, nothing is begun. */
function announceRows(rows: readonly PlannedRow[], board: Board, { announce }: ApplySteps): boolean {
  try {
    announce(board.standing(rows).filter(({ op, agent }) => op === "add" && agent?.remote === undefined));
    return true;
  } catch (error) {
    board
      .standing(rows)
      .filter(({ op }) => op !== "unchanged")
      .forEach((row) => board.fail(row, "record", error));
    return false;
  }
}

function recordRows(rows: readonly PlannedRow[], board: Board, { record }: ApplySteps): void {
  const standing = board.standing(rows);
  try {
    record(
      standing,
      rows.filter((row) => !board.stands(row)),
    );
  } catch (error) {
    standing.filter(({ op }) => op !== "unchanged").forEach((row) => board.fail(row, "record", error));
  }
}

function syncUnits(rows: readonly PlannedRow[], board: Board, { units }: ApplySteps): void {
  try {
    const changed = units?.();
    rows.filter(({ peer }) => changed?.has(peer)).forEach((row) => board.done(row, { stage: "unit" }));
  } catch (error) {
    rows
      .filter(({ agent, before }) => agent?.isPersistent || before?.isPersistent)
      .forEach((row) => board.fail(row, "unit", error));
  }
}

function deadlock({ peer, waitsOn }: PlannedRow): IapeerError {
  return new IapeerError("folder-taken", `${peer} waits for ${waitsOn.join(" and ")} to leave its folder, and they for it`, {
    hint: "give one of them another folder, apply, then the one that is meant",
  });
}

/** What is known of every row while a plan is done. */
class Board {
  readonly #rows: readonly PlannedRow[];
  readonly #ended = new Map<string, Row>();

  constructor(rows: readonly PlannedRow[]) {
    this.#rows = rows;
  }

  /** Whether nothing has stood in a row's way so far. */
  stands({ peer }: Pick<PlannedRow, "peer">): boolean {
    const status = this.#ended.get(peer)?.status;
    return status !== "failed" && status !== "skipped";
  }

  standing(rows: readonly PlannedRow[]): PlannedRow[] {
    return rows.filter((row) => this.stands(row));
  }

  /** Does some work of a row; what it throws is why the row failed, at the stage that was entered last. */
  async attempt(row: PlannedRow, first: Stage, work: (enter: (stage: Stage) => void) => Promise<void>): Promise<void> {
    let stage = first;
    try {
      await work((next) => {
        stage = next;
      });
    } catch (error) {
      this.fail(row, stage, error);
    }
  }

  done(row: PlannedRow, { stage, message, cause }: Done): void {
    const before = this.#of(row);
    this.#put(row, {
      ...before,
      status: "done",
      stage,
      cause: cause ?? before.cause,
      retryable: cause !== undefined || before.retryable,
      message: message ?? before.message ?? (row.changes.join(", ") || null),
    });
  }

  plan(row: PlannedRow, isLaunched: boolean): void {
    const before = this.#of(row);
    const words = [...row.changes, ...(isLaunched ? ["launch"] : [])];
    this.#put(row, {
      ...before,
      status: "planned",
      stage: isLaunched ? "launch" : before.stage,
      message: words.join(", ") || null,
    });
  }

  fail(row: PlannedRow, stage: Stage, error: unknown): void {
    const { message } = error as Error;
    const hint = error instanceof IapeerError && error.hint !== undefined ? `; ${error.hint}` : "";
    const { cause, retryable } = rowOf(error);
    this.#put(row, { ...this.#of(row), status: "failed", stage, cause, retryable, message: `${message}${hint}` });
  }

  interrupt(row: PlannedRow): void {
    this.#put(row, {
      ...this.#of(row),
      status: "skipped",
      cause: "interrupted",
      retryable: true,
      message: "interrupted before its turn came",
    });
  }

  /** Whether a row that this one waits for was not done. */
  skipIfBlocked(row: PlannedRow): boolean {
    const blocker = row.waitsOn.find((peer) => !this.stands({ peer }));
    if (blocker === undefined) return false;
    this.#put(row, {
      ...this.#of(row),
      status: "skipped",
      cause: "blocked",
      retryable: true,
      message: `it waits for ${blocker}, which was not done`,
    });
    return true;
  }

  rows(): Row[] {
    return this.#rows.map((row) => this.#of(row));
  }

  #of({ peer, op }: PlannedRow): Row {
    return (
      this.#ended.get(peer) ?? { peer, op, status: "unchanged", stage: "check", cause: null, retryable: false, message: null }
    );
  }

  #put({ peer }: PlannedRow, row: Row): void {
    this.#ended.set(peer, row);
  }
}
