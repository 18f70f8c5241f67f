import type { PlanFacts, PlannedRow } from "./types.ts";
import type { Unordered } from "./rows.ts";

/** A fleet may have to keep one agent of each of these classes at every moment. */
const FLOOR: ReadonlySet<string> = new Set(["orchestrator", "enhancer"]);

/**
 * Adds what each row waits for. A folder is taken after its peer has left it. The last orchestrator or enhancer goes after its successors
 * are there, unless a successor waits for its folder.
 */
export function orderRows(
  rows: readonly Unordered[],
  { defaultFolder, folderKey }: Pick<PlanFacts, "defaultFolder" | "folderKey">,
): PlannedRow[] {
  const leaving = rows.filter(({ op, isMove, found }) => found !== undefined && (op === "remove" || isMove));
  const leavingBy = Map.groupBy(leaving, ({ found }) => folderKey(found!.cwd));
  const changing = Map.groupBy(
    rows.filter(({ op }) => op !== "unchanged"),
    ({ agent }) => agent?.class,
  );
  const waitsForFolder = new Map(
    rows.map((row) => {
      const folder = takenFolder(row, defaultFolder);
      const owners = folder === undefined ? [] : (leavingBy.get(folderKey(folder)) ?? []);
      return [row.peer, owners.map(({ peer }) => peer).filter((peer) => peer !== row.peer)];
    }),
  );
  return rows.map((row) => {
    const isFloor = row.op === "remove" && FLOOR.has(row.before?.class ?? "");
    const successors = isFloor ? (changing.get(row.before!.class) ?? []) : [];
    const free = successors.filter(({ peer }) => !waitsForFolder.get(peer)!.includes(row.peer));
    return { ...row, waitsOn: [...waitsForFolder.get(row.peer)!, ...free.map(({ peer }) => peer)] };
  });
}

/** The folder that a row takes for its peer; undefined: it takes none. */
function takenFolder({ agent, op, isMove }: Unordered, defaultFolder: PlanFacts["defaultFolder"]): string | undefined {
  if (agent === undefined || agent.remote !== undefined || (op !== "add" && !isMove)) return undefined;
  return agent.workingDirectory ?? defaultFolder(agent.name);
}

/** Sorts rows into rounds: a round only waits for the rounds before it. Rows that wait for each other can never be done: they are `stuck`. */
export function inRounds(rows: readonly PlannedRow[]): {
  readonly rounds: readonly (readonly PlannedRow[])[];
  readonly stuck: readonly PlannedRow[];
} {
  const rounds: PlannedRow[][] = [];
  const placed = new Set<string>();
  let left = [...rows];
  for (;;) {
    const ready = left.filter(({ waitsOn }) => waitsOn.every((peer) => placed.has(peer)));
    if (ready.length === 0) return { rounds, stuck: left };
    rounds.push(ready);
    ready.forEach(({ peer }) => placed.add(peer));
    left = left.filter((row) => !placed.has(row.peer));
  }
}
