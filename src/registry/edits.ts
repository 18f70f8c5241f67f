import { IapeerError } from "../model/errors.ts";
import { defaultIntelligence, type Intelligence, nearest } from "../model/names.ts";
import { type Card, type Peer, type Registry, type Row, toPeer } from "./schema.ts";

/** Longer descriptions are cut, with a warning. */
export const DESCRIPTION_LIMIT = 450;

export interface AddRequest {
  readonly personality: string;
  /** Resolved and absolute. */
  readonly cwd: string;
  readonly runtimes?: readonly string[];
  readonly description?: string;
  readonly intelligence?: Intelligence;
}

export interface AddPlan {
  readonly action: "added" | "merged" | "unchanged";
  readonly row: Row;
  /** The runtimes that the peer did not have before. */
  readonly newRuntimes: readonly string[];
  readonly registry: Registry;
}

/**
 * What `add` comes to. `card` is what the folder says of the peer, if anything: what the request does not
 * give is inherited from the row, else from the card.
 */
export function planAdd(registry: Registry, request: AddRequest, card: Card | undefined): AddPlan {
  const current = findRow(registry, request.personality);
  const said = current && withCard(current, card);
  const base: Partial<Row> = said ?? card ?? {};
  const known = current === undefined ? [] : toPeer(current).runtimes;
  const inherited = said === undefined ? (card?.runtimes ?? []) : toPeer(said).runtimes;
  const runtimes = union(inherited, request.runtimes ?? (inherited.length > 0 ? [] : ["claude"]));
  const default_runtime = base.default_runtime ?? base.runtime ?? runtimes[0]!;
  const row: Row = {
    interfaces: {},
    ...withoutMarks(base),
    personality: request.personality,
    default_runtime,
    runtimes: union(runtimes, [default_runtime]),
    description: request.description ?? base.description ?? "",
    intelligence: request.intelligence ?? base.intelligence ?? defaultIntelligence(default_runtime),
    cwd: current?.cwd ?? request.cwd,
  };
  const newRuntimes = row.runtimes!.filter((runtime) => !known.includes(runtime));
  if (current === undefined) return { action: "added", row, newRuntimes, registry: withRow(registry, row) };
  if (said === current && isSame(current, row)) return { action: "unchanged", row: current, newRuntimes, registry };
  return { action: "merged", row, newRuntimes, registry: withRow(registry, row) };
}

/** The row as the peer's own card has it, which is right; the same row where they do not differ. */
export function withCard(row: Row, card: Card | undefined): Row {
  if (card === undefined || differingFields(row, card).length === 0) return row;
  const { removed: _removed, removing: _removing, ...said } = card;
  return { ...row, ...said, cwd: row.cwd };
}

/** Fields that the card says and the row does not say so; not those that only a row or only a card has. */
export function differingFields(row: Row, card: Card): string[] {
  const { removed: _removed, removing: _removing, cwd: _cwd, ...said } = card;
  return Object.keys(said).filter((key) => JSON.stringify(said[key]) !== JSON.stringify(row[key]));
}

/** A peer that is added is not being removed, whatever an old card says. */
function withoutMarks(base: Partial<Row>): Partial<Row> {
  const { removed: _removed, removing: _removing, ...rest } = base;
  return rest;
}

function union(first: readonly string[], second: readonly string[]): string[] {
  return [...new Set([...first, ...second])];
}

/** Whether the new row says nothing that the old one did not mean. */
function isSame(current: Row, next: Row): boolean {
  const known = ["runtimes", "description", "intelligence", "default_runtime"] as const;
  const before = toPeer(current);
  const after = toPeer(next);
  return (
    known.every((key) => current[key] === undefined || JSON.stringify(current[key]) === JSON.stringify(next[key])) &&
    JSON.stringify(before) === JSON.stringify(after)
  );
}

export interface UpdateRequest {
  readonly description?: string;
  readonly addRuntimes?: readonly string[];
  readonly removeRuntimes?: readonly string[];
  readonly defaultRuntime?: string;
  readonly intelligence?: Intelligence;
}

/** What `update` makes of a row. Nothing is chosen for the person: a default runtime that goes needs a new one named. */
export function updateRow(row: Row, request: UpdateRequest): Row {
  const before = toPeer(row);
  for (const runtime of request.removeRuntimes ?? []) requireRuntime(before, runtime);
  const removed = new Set(request.removeRuntimes);
  const runtimes = union(before.runtimes, request.addRuntimes ?? []).filter((runtime) => !removed.has(runtime));
  if (runtimes.length === 0) {
    throw new IapeerError("invalid-value", `${row.personality} would have no runtime left`, {
      hint: `add another one in the same call (--add-runtime), or: iapeer remove ${row.personality}`,
    });
  }
  const defaultRuntime = request.defaultRuntime ?? before.defaultRuntime;
  if (!runtimes.includes(defaultRuntime)) throw missingDefault(row.personality, defaultRuntime, runtimes);
  const next: Row = { ...row, default_runtime: defaultRuntime, runtimes };
  if (request.description !== undefined) next.description = request.description;
  if (request.intelligence !== undefined) next.intelligence = request.intelligence;
  return isSame(row, next) ? row : next;
}

function requireRuntime(peer: Peer, runtime: string): void {
  if (peer.runtimes.includes(runtime)) return;
  throw new IapeerError("runtime-not-found", `${peer.personality} has no runtime ${runtime}`, {
    hint: `it has: ${peer.runtimes.join(", ")}`,
  });
}

function missingDefault(personality: string, runtime: string, runtimes: readonly string[]): IapeerError {
  return new IapeerError("invalid-value", `${runtime} would be the default runtime of ${personality}, which does not have it`, {
    hint: `name one of: ${runtimes.map((name) => `--default-runtime ${name}`).join(", ")}`,
  });
}

export function findRow(registry: Registry, personality: string): Row | undefined {
  return registry.peers.find((row) => row.personality === personality);
}

/** The row of a peer, or `peer-not-found` with the nearest name. */
export function requireRow(registry: Registry, personality: string): Row {
  const row = findRow(registry, personality);
  if (row !== undefined) return row;
  const near = nearest(
    personality,
    registry.peers.map((peer) => peer.personality),
  );
  throw new IapeerError("peer-not-found", `no peer is called ${personality}`, {
    hint: near === undefined ? "see: iapeer list" : `did you mean ${near}?`,
    details: { personality },
  });
}

/** The registry with this row in the place of the one with its personality, or new. */
export function withRow(registry: Registry, row: Row): Registry {
  return { ...registry, peers: [...registry.peers.filter(({ personality }) => personality !== row.personality), row] };
}

export function withoutRow(registry: Registry, personality: string): Registry {
  const peers = registry.peers.filter((row) => row.personality !== personality);
  return peers.length === registry.peers.length ? registry : { ...registry, peers };
}
