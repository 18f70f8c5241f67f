import { rmSync } from "node:fs";
import { IapeerError } from "../model/errors.ts";
import { readState, type StateFile, stateOf, writeState } from "../core/disk/state-file.ts";
import { cardPath } from "../core/layout.ts";
import { type Card, checkCard, type RegistryRow } from "./schema.ts";

const cardFile: StateFile<Card> = {
  what: "the card",
  maxBytes: 1024 * 1024,
  unreadable: "profile-corrupt",
  insecure: "profile-corrupt",
  check: checkCard,
  explain: (path, why) =>
    new IapeerError("profile-corrupt", `the card ${path} ${why}`, {
      hint: "repair it, or move it away and run the command again",
      details: { path },
    }),
};

/**
 * The card in a peer's folder, whoever's it is; undefined when there is none.
 *
 * @throws IapeerError `profile-corrupt` (exit 5).
 */
export function readCard(peerFolder: string): Card | undefined {
  return readCardAt(cardPath(peerFolder));
}

/** The card at a path. Throws IapeerError `profile-corrupt` (exit 5). */
export function readCardAt(path: string): Card | undefined {
  return stateOf(readState(path, cardFile));
}

/** The card of a row: every field but the folder, and the fields that only the old card had. */
export function renderCard(row: RegistryRow, old: Card | undefined): Card {
  const { cwd: _cwd, removing: _removing, manager: _manager, ...shared } = row;
  const { removed: _removed, manager: _said, ...kept }: Partial<Card> = old ?? {};
  return { ...kept, ...shared };
}

/**
 * Writes a peer's card, unless the same card is there already. The card of another peer there says nothing about this one.
 *
 * @param found the card that is at the path now
 */
export function writeCard(row: RegistryRow, path: string, found: Card | undefined): void {
  const old = found?.personality === row.personality ? found : undefined;
  const card = renderCard(row, old);
  if (old !== undefined && JSON.stringify(old) === JSON.stringify(card)) return;
  writeState(path, card, cardFile);
}

/** Writes into a card that its peer was removed. Everything else in it stays. */
export function markRemoved(path: string, card: Card, now: Date): void {
  writeState(path, { ...card, removed: now.toISOString() }, cardFile);
}

/** Writes an earlier card back; undefined removes the card. */
export function restoreCard(path: string, before: Card | undefined): void {
  if (before === undefined) rmSync(path, { force: true });
  else writeState(path, before, cardFile);
}
