import type { ApplySteps, PlannedRow } from "./types.ts";

/** The registry is written at most so many times, however many rows there are. Other programs wait for it no longer than for one part. */
const PARTS = 10;

interface Part {
  readonly rows: PlannedRow[];
  /** Left out until its registration begins. */
  registered?: Promise<void>;
}

/** Registers rows part by part, each with one write: when the turn of its first row comes. */
export class Registrations {
  readonly #partOf = new Map<string, Part>();
  readonly #register: ApplySteps["register"];

  constructor(rows: readonly PlannedRow[], register: ApplySteps["register"]) {
    this.#register = register;
    const joint = rows.filter(isJoint);
    const size = Math.ceil(joint.length / PARTS);
    for (let start = 0; start < joint.length; start += size) {
      const part = { rows: joint.slice(start, start + size) };
      part.rows.forEach(({ peer }) => this.#partOf.set(peer, part));
    }
  }

  /** Returns true for a row that was registered with an earlier one: its work goes on, also after an interruption. */
  isBegun({ peer }: PlannedRow): boolean {
    return this.#partOf.get(peer)?.registered !== undefined;
  }

  /** Registers the part of a row, once. A row that is registered alone has no part. Throws the error of the whole part. */
  async register({ peer }: PlannedRow): Promise<void> {
    const part = this.#partOf.get(peer);
    if (part !== undefined) await (part.registered ??= this.#register(part.rows));
  }
}

/** Returns true for a row that can be registered at once. A peer that moves, or that must be removed first, is registered alone later. */
function isJoint({ agent, found, isMove }: PlannedRow): boolean {
  return agent !== undefined && agent.remote === undefined && !isMove && found?.isBeingRemoved !== true;
}
