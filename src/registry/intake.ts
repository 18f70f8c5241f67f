import type { Layout } from "../core/layout.ts";
import { findCardPlace } from "./card-place.ts";
import { planRegistration } from "./edits.ts";
import { chooseFolder, type Neighbours, neighboursIn } from "./folders.ts";
import { putCard } from "./put-card.ts";
import { type RegistryFile, type RegistryRow, toPeer } from "./schema.ts";
import type { AddRequest, RegisterOutcome } from "./types.ts";

/** Adds peers to a registry one after the other, each with regard to those before it. A peer costs the same in a large registry as in a small one. */
export class Intake {
  readonly #before: RegistryFile;
  readonly #rows: Map<string, RegistryRow>;
  readonly #neighbours: Neighbours;
  readonly #takeBacks: (() => void)[] = [];
  #count = 0;

  constructor(file: RegistryFile, layout: Layout) {
    this.#before = file;
    this.#rows = new Map(file.peers.map((row) => [row.personality, row]));
    this.#neighbours = neighboursIn(file.peers, layout);
  }

  /** Makes a peer's folder, writes its card and plans its row. A failure leaves nothing of this peer. */
  register(request: AddRequest): RegisterOutcome {
    try {
      const current = this.#rows.get(request.personality);
      const cwd = chooseFolder(current, request, this.#neighbours);
      const place = findCardPlace({ ...request, cwd }, this.#folderOf);
      const { action, row, newRuntimes } = planRegistration(current, { ...request, cwd }, place.card);
      const { takeBack, note } = putCard(row, place);
      this.#takeBacks.push(takeBack);
      if (action !== "unchanged") this.#put(row, current);
      const done = { action, peer: toPeer(row), newRuntimes, revision: this.#revision };
      return note === undefined ? done : { ...done, cardNote: note };
    } catch (error) {
      return { action: "failed", error };
    }
  }

  readonly #folderOf = (personality: string) => this.#rows.get(personality)?.cwd;

  /** The registry with all planned rows; the very file that was given where none differs. */
  file(): RegistryFile {
    return this.#count === 0 ? this.#before : { ...this.#before, revision: this.#revision, peers: [...this.#rows.values()] };
  }

  /** Takes folders and cards back, the last one first. One that cannot be taken back keeps none of the others. */
  takeBack(): void {
    const failures = this.#takeBacks.toReversed().flatMap((takeBack) => {
      try {
        takeBack();
        return [];
      } catch (error) {
        return [error];
      }
    });
    if (failures.length > 0) throw failures[0];
  }

  /** Each changed row counts as one change. */
  get #revision(): number {
    return this.#before.revision + this.#count;
  }

  #put(row: RegistryRow, current: RegistryRow | undefined): void {
    if (current === undefined) this.#neighbours.owners.add(row);
    this.#rows.set(row.personality, row);
    this.#count += 1;
  }
}
