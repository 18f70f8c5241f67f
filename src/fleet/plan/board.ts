import { IapeerError, rowOf } from "../../model/errors.ts";
import type { Done, PlannedRow, Row, Stage } from "./types.ts";

/** The state of every row while a plan is carried out. */
export class Board {
  readonly #rows: readonly PlannedRow[];
  readonly #ended = new Map<string, Row>();

  constructor(rows: readonly PlannedRow[]) {
    this.#rows = rows;
  }

  /** Returns true for a row that has not failed and was not skipped. */
  stands({ peer }: Pick<PlannedRow, "peer">): boolean {
    const status = this.#ended.get(peer)?.status;
    return status !== "failed" && status !== "skipped";
  }

  standing(rows: readonly PlannedRow[]): PlannedRow[] {
    return rows.filter((row) => this.stands(row));
  }

  /** Does some work of a row. An error fails the row, at the stage that was entered last. */
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

  /** Skips a row that waits for a row which was not done. Returns true where it did. */
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
