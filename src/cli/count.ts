import { usage } from "./strict.ts";
import type { Verb } from "./verb.ts";

export interface Bounds {
  readonly min: number;
  readonly max: number;
}

/** Reads the whole number of an option, within bounds; undefined stays. Throws `usage` for anything else. */
export function parseCount(verb: Verb, name: string, text: string | undefined, { min, max }: Bounds): number | undefined {
  if (text === undefined) return undefined;
  const value = /^[0-9]{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  const range = max === Number.MAX_SAFE_INTEGER ? `${min} or more` : `${min} to ${max}`;
  throw usage(verb, `--${name} takes a whole number, ${range}, not ${JSON.stringify(text)}`);
}
