import { rmSync } from "node:fs";
import { IapeerError } from "../model/errors.ts";
import { readState, type StateFile, stateOf, writeState } from "../core/disk/state-file.ts";
import { profilePath } from "../core/layout.ts";
import { type Card, checkCard, type Row } from "./schema.ts";

const cardFile: StateFile<Card> = {
  what: "the profile",
  maxBytes: 1024 * 1024,
  unreadable: "profile-corrupt",
  insecure: "profile-corrupt",
  check: checkCard,
  explain: (path, why) =>
    new IapeerError("profile-corrupt", `the profile ${path} ${why}`, {
      hint: "repair it, or move it away and run the command again",
      details: { path },
    }),
};

/**
 * The card in a peer's folder; undefined when there is none.
 *
 * @throws IapeerError `profile-corrupt` (exit 5).
 */
export function readCard(peerFolder: string): Card | undefined {
  return stateOf(readState(profilePath(peerFolder), cardFile));
}

/** The card that goes with a row: all it says but the folder, and what the old card said beyond. */
export function renderCard(row: Row, old: Card | undefined): Card {
  const { cwd: _cwd, removing: _removing, ...shared } = row;
  const { removed: _removed, ...kept } = old ?? {};
  return { ...kept, ...shared };
}

/** Writes a peer's card, unless it stands there already. */
export function writeCard(row: Row): void {
  const found = readCard(row.cwd);
  // What another peer's card said, one that was removed from this folder, is nothing of this peer's.
  const old = found?.personality === row.personality ? found : undefined;
  const card = renderCard(row, old);
  if (old !== undefined && JSON.stringify(old) === JSON.stringify(card)) return;
  writeCardFile(row.cwd, card);
}

/**
 * Notes in the card that its peer was removed; the folder and the rest of the card stay. A folder that is gone,
 * or a card that cannot be read or written, must not keep the peer in the registry: then nothing is noted.
 */
export function markCardRemoved({ personality, cwd: peerFolder }: Pick<Row, "personality" | "cwd">, now: Date): void {
  try {
    const card = readCard(peerFolder);
    if (card?.personality === personality) writeCardFile(peerFolder, { ...card, removed: now.toISOString() });
  } catch (error) {
    if (!(error instanceof IapeerError)) throw error;
  }
}

function writeCardFile(peerFolder: string, card: Card): void {
  writeState(profilePath(peerFolder), card, cardFile);
}

/** Puts back what stood in a folder before; undefined: no card. */
export function restoreCard(peerFolder: string, before: Card | undefined): void {
  if (before === undefined) rmSync(profilePath(peerFolder), { force: true });
  else writeCardFile(peerFolder, before);
}
