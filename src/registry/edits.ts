import { IapeerError } from "../model/errors.ts";
import { defaultIntelligence, nearest } from "../model/names.ts";
import { type Card, type RegistryFile, type RegistryRow, toPeer } from "./schema.ts";
import type { AddRequest, Peer, UpdateRequest } from "./types.ts";

/** The changes of a registration. */
export interface RegistrationPlan {
  readonly action: "added" | "merged" | "unchanged";
  readonly row: RegistryRow;
  /** The runtimes that the peer did not have before. */
  readonly newRuntimes: readonly string[];
}

/**
 * Plans a registration. A field that the request leaves out is inherited from the card, else from the current row.
 *
 * @param current the peer's row, if it is registered; the planned row is the very same one where nothing changes
 * @param card the peer's own card in that folder
 */
export function planRegistration(
  current: RegistryRow | undefined,
  request: Omit<AddRequest, "hasOwnFolder">,
  card: Card | undefined,
): RegistrationPlan {
  const said = current && withCard(current, card);
  const base: Partial<RegistryRow> = said ?? (card === undefined ? {} : saidBy(card));
  const known = current === undefined ? [] : toPeer(current).runtimes;
  const inherited = said === undefined ? (card?.runtimes ?? []) : toPeer(said).runtimes;
  const runtimes = union(inherited, request.runtimes ?? (inherited.length > 0 ? [] : ["claude"]));
  const default_runtime = base.default_runtime ?? base.runtime ?? runtimes[0]!;
  const row: RegistryRow = {
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
  if (current === undefined) return { action: "added", row, newRuntimes };
  if (said === current && isSame(current, row)) return { action: "unchanged", row: current, newRuntimes };
  return { action: "merged", row, newRuntimes };
}

/** The row with the fields of the peer's own card, which is right; the very same row where they do not differ. */
export function withCard(row: RegistryRow, card: Card | undefined): RegistryRow {
  if (card === undefined || differingFields(row, card).length === 0) return row;
  return { ...row, ...saidBy(card), cwd: row.cwd };
}

/** The fields of a card that are missing or different in the row. A field that only the row has does not differ. */
export function differingFields(row: RegistryRow, card: Card): string[] {
  const { cwd: _cwd, ...said } = saidBy(card);
  return Object.keys(said).filter((key) => JSON.stringify(said[key]) !== JSON.stringify(row[key]));
}

/** The fields of a card that count. A manager is one by the registry alone. */
function saidBy(card: Card): Omit<Card, "removed" | "removing" | "manager"> {
  const { removed: _removed, removing: _removing, manager: _manager, ...said } = card;
  return said;
}

/** The fields without the marks of a removal. A peer that is added is not being removed. */
function withoutMarks(base: Partial<RegistryRow>): Partial<RegistryRow> {
  const { removed: _removed, removing: _removing, ...rest } = base;
  return rest;
}

function union(first: readonly string[], second: readonly string[]): string[] {
  return [...new Set([...first, ...second])];
}

/** True when two rows mean the same: the new one only writes down defaults of the old one. */
function isSame(current: RegistryRow, next: RegistryRow): boolean {
  const known = ["runtimes", "description", "intelligence", "default_runtime"] as const;
  const before = toPeer(current);
  const after = toPeer(next);
  return (
    known.every((key) => current[key] === undefined || JSON.stringify(current[key]) === JSON.stringify(next[key])) &&
    JSON.stringify(before) === JSON.stringify(after)
  );
}

/**
 * The row after an update; the very same row where nothing changes. It chooses nothing for a person: a call that removes the default
 * runtime must name another.
 *
 * @throws IapeerError `runtime-not-found`, `invalid-value`.
 */
export function updateRow(row: RegistryRow, request: UpdateRequest): RegistryRow {
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
  const next: RegistryRow = { ...row, default_runtime: defaultRuntime, runtimes };
  if (request.description !== undefined) next.description = request.description;
  if (request.intelligence !== undefined) next.intelligence = request.intelligence;
  if (request.isManager === true) next.manager = true;
  if (request.isManager === false) delete next.manager;
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

/** The row of a peer; undefined when there is none. */
export function findRow({ peers }: RegistryFile, personality: string): RegistryRow | undefined {
  return peers.find((row) => row.personality === personality);
}

/** The same. Throws IapeerError `peer-not-found`. */
export function requireRow(file: RegistryFile, personality: string): RegistryRow {
  const row = findRow(file, personality);
  if (row === undefined) throw peerNotFound(file, personality);
  return row;
}

/** The error of a peer that is not registered, with the nearest name in its hint. */
export function peerNotFound({ peers }: Pick<RegistryFile, "peers">, personality: string): IapeerError {
  const near = nearest(
    personality,
    peers.map((row) => row.personality),
  );
  return new IapeerError("peer-not-found", `no peer is called ${personality}`, {
    hint: near === undefined ? "see: iapeer list" : `did you mean ${near}?`,
    details: { personality },
  });
}

/** The registry with this row, in the place of the one of its personality if there is one. */
export function withRow(file: RegistryFile, row: RegistryRow): RegistryFile {
  return { ...file, peers: [...file.peers.filter(({ personality }) => personality !== row.personality), row] };
}

/** The registry without a peer; the very same registry when it has no such peer. */
export function withoutRow(file: RegistryFile, personality: string): RegistryFile {
  const peers = file.peers.filter((row) => row.personality !== personality);
  return peers.length === file.peers.length ? file : { ...file, peers };
}

/** Finds the folder that a peer is registered with; undefined for one that is not registered. */
export function foldersIn({ peers }: RegistryFile): (personality: string) => string | undefined {
  const folders = new Map(peers.map(({ personality, cwd }) => [personality, cwd]));
  return (personality) => folders.get(personality);
}
