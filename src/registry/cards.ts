import { rmSync } from "node:fs";
import { dirname } from "node:path";
import { wasWritten } from "../core/disk/atomic-write.ts";
import { IapeerError } from "../model/errors.ts";
import { makeFolder } from "../core/disk/files.ts";
import { lookAt } from "../core/disk/same-folder.ts";
import { readState, type StateFile, stateOf, writeState } from "../core/disk/state-file.ts";
import { cardPath } from "../core/layout.ts";
import { folderTaken, removeEmptyFolders } from "./folders.ts";
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
 * The card in a peer's folder; undefined when there is none.
 *
 * @throws IapeerError `profile-corrupt` (exit 5).
 */
export function readCard(peerFolder: string): Card | undefined {
  return stateOf(readState(cardPath(peerFolder), cardFile));
}

/**
 * The card of this peer in a folder; undefined when there is none, or when it is that of a removed peer.
 *
 * @throws IapeerError `folder-taken`: the card is that of another peer; `profile-corrupt`.
 */
export function readOwnCard({ personality, cwd }: Pick<RegistryRow, "personality" | "cwd">): Card | undefined {
  const card = readCard(cwd);
  if (card === undefined || card.personality === personality) return card;
  if (card.removed === undefined) throw folderTaken(cwd, card.personality);
  return undefined;
}

/** The card of a row: every field but the folder, and the fields that only the old card had. */
export function renderCard(row: RegistryRow, old: Card | undefined): Card {
  const { cwd: _cwd, removing: _removing, manager: _manager, ...shared } = row;
  const { removed: _removed, manager: _said, ...kept }: Partial<Card> = old ?? {};
  return { ...kept, ...shared };
}

/** Writes a peer's card, unless the same card is there already. */
export function writeCard(row: RegistryRow): void {
  const found = readCard(row.cwd);
  // The card of another peer, one that was removed from this folder, says nothing about this one.
  const old = found?.personality === row.personality ? found : undefined;
  const card = renderCard(row, old);
  if (old !== undefined && JSON.stringify(old) === JSON.stringify(card)) return;
  writeCardFile(row.cwd, card);
}

/** Makes a peer's folder and writes its card; returns a function that takes both back. */
export function putCard(row: RegistryRow): () => void {
  const made = [dirname(cardPath(row.cwd)), row.cwd].filter((folder) => lookAt(folder) === undefined);
  let before: Card | undefined;
  try {
    makeFolder(row.cwd);
    before = readCard(row.cwd);
    writeCard(row);
  } catch (error) {
    if (!wasWritten(error)) removeEmptyFolders(made);
    throw error;
  }
  return () => {
    restoreCard(row.cwd, before);
    removeEmptyFolders(made);
  };
}

/**
 * Writes into the card that its peer was removed; the folder and the rest of the card stay. Nothing happens when the folder is gone
 * or the card cannot be read or written: neither must keep the peer in the registry.
 */
export function markCardRemoved({ personality, cwd: peerFolder }: Pick<RegistryRow, "personality" | "cwd">, now: Date): void {
  try {
    const card = readCard(peerFolder);
    if (card?.personality === personality) writeCardFile(peerFolder, { ...card, removed: now.toISOString() });
  } catch (error) {
    if (!(error instanceof IapeerError)) throw error;
  }
}

function writeCardFile(peerFolder: string, card: Card): void {
  writeState(cardPath(peerFolder), card, cardFile);
}

/** Writes an earlier card back; undefined removes the card. */
export function restoreCard(peerFolder: string, before: Card | undefined): void {
  if (before === undefined) rmSync(cardPath(peerFolder), { force: true });
  else writeCardFile(peerFolder, before);
}
