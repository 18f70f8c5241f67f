import type { ApplySteps, PlannedRow } from "./types.ts";

/** However many rows there are, the registry is written so often at most; other programs wait for it no longer than one part takes. */
const PARTS = 10;

interface Part {
  readonly rows: PlannedRow[];
  /** There as soon as its registration was begun. */
  registered?: Promise<void>;
}

/** Registers rows part by part: the first row of a part whose turn comes has all of its part registered with one write. */
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

  /** Whether a row was registered with an earlier one: then it is gone on with, also after an interruption. */
  isBegun({ peer }: PlannedRow): boolean {
    return this.#partOf.get(peer)?.registered !== undefined;
  }

  /** Registers the part of a row; a row that is registered alone has none. Throws what kept the whole part from being registered. */
  async register({ peer }: PlannedRow): Promise<void> {
    const part = this.#partOf.get(peer);
    if (part !== undefined) await (part.registered ??= this.#register(part.rows));
  }
}

/** Whether a peer can be registered at once. One that is moved, or is to be removed first, is registered alone after that. */
function isJoint({ agent, found, isMove }: PlannedRow): boolean {
  return agent !== undefined && agent.remote === undefined && !isMove && found?.isBeingRemoved !== true;
}
