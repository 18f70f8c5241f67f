/** How a row is judged by its two numbers. */
export type Bound =
  /** measured / baseline is at most this. */
  | { readonly kind: "ratio"; readonly most: number }
  /** baseline / measured is at least this. */
  | { readonly kind: "speedup"; readonly least: number }
  /** measured - baseline is at most this, in the row's unit. */
  | { readonly kind: "difference"; readonly most: number }
  /** measured alone is at most this, in the row's unit. The baseline is only shown. */
  | { readonly kind: "most"; readonly most: number };

export interface Row {
  /** For `--row`. */
  readonly name: string;
  readonly claim: string;
  /** The baseline's name. */
  readonly against: string;
  readonly unit: "ms" | "s" | "MB";
  readonly bound: Bound;
  /** Measures both sides in turns. */
  measure(bench: Bench): Promise<Measured>;
}

/** Medians in the row's unit. */
export interface Measured {
  readonly measured: number;
  readonly baseline: number;
}

/** The means that rows measure with. */
export interface Bench {
  readonly binary: string;
  /** A compiled hello-world of the same Bun. */
  readonly hello: string;
  /** Makes a new world for one measurement. */
  readonly world: () => World;
}

export interface World {
  readonly folder: string;
  readonly root: string;
  readonly env: Record<string, string>;
}

/** The value of a row that its bound is about, and whether it is within. */
export function judge(bound: Bound, { measured, baseline }: Measured): { readonly value: number; readonly isWithin: boolean } {
  if (bound.kind === "speedup") return { value: baseline / measured, isWithin: baseline / measured >= bound.least };
  if (bound.kind === "most") return { value: measured / baseline, isWithin: measured <= bound.most };
  if (bound.kind === "ratio") return { value: measured / baseline, isWithin: measured / baseline <= bound.most };
  return { value: measured - baseline, isWithin: measured - baseline <= bound.most };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export interface Turns {
  readonly rounds: number;
  readonly measured: () => number | Promise<number>;
  readonly baseline: () => number | Promise<number>;
}

/** Measures both sides in turns, with another first in each round: a slow moment of the machine hits both. */
export async function takeTurns({ rounds, measured, baseline }: Turns): Promise<Measured> {
  const found = { measured: [] as number[], baseline: [] as number[] };
  for (let round = 0; round < rounds; round += 1) {
    for (const side of round % 2 === 0 ? (["measured", "baseline"] as const) : (["baseline", "measured"] as const)) {
      found[side].push(await (side === "measured" ? measured() : baseline()));
    }
  }
  return { measured: median(found.measured), baseline: median(found.baseline) };
}
