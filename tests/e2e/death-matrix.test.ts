// Contract 8: every unclaimed end gets exactly one record, and a claimed end gets none. Every second row of npm run matrix is played once,
// with one of its witnesses.
import { expect, test } from "bun:test";
import { CASES } from "../matrix/cases.ts";
import { soaked } from "../support/soak.ts";
import { describePlayed } from "../matrix/results.ts";
import { play } from "../matrix/play.ts";

/** Rows that run at once: they mostly wait. */
const JOBS = 6;
/** A guard against a hang. The wait for a place counts, too. */
const LIMIT_MS = 300_000;

/** Every second row with one witness, which alternates from row to row. */
const someOnce = [...Map.groupBy(CASES, ({ row }) => row.name).values()]
  .filter((_, index) => index % 2 === 0)
  .map((cases, index) => cases[index % cases.length]!);

const titled = soaked(CASES, someOnce).map(({ row, witness }) => [row.name, witness, { row, witness }] as const);

let running = 0;
const waiting: (() => void)[] = [];

test.concurrent.each(titled)(
  "%s, watched by a %s",
  async (_name, _witness, one) => {
    await enter();
    try {
      const played = await play(one);
      expect(played.isAsExpected ? "" : describePlayed(played)).toBe("");
    } finally {
      leave();
    }
  },
  LIMIT_MS,
);

async function enter(): Promise<void> {
  if (running < JOBS) running += 1;
  else await new Promise<void>((resolve) => void waiting.push(resolve));
}

/** Hands the place to the row that has waited longest. */
function leave(): void {
  const next = waiting.shift();
  if (next === undefined) running -= 1;
  else next();
}
