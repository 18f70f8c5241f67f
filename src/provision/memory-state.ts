import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { goodState, readState, type StateFile, writeState } from "../core/disk/state-file.ts";
import type { Layout } from "../core/layout.ts";
import { checkSchema } from "../core/text/schema-check.ts";
import { errnoOf, ioError } from "../model/errors.ts";
import { identityOf, parseIdentity } from "../model/names.ts";
import { isAgentic } from "../model/runtimes.ts";
import { directionOf, isGood, OCCASIONS } from "../model/provisioning.ts";
import type { Slot } from "../status/slot/types.ts";
import type { MemoryState, ProvisionNote, RuntimeMemory, Target } from "./types.ts";

const noteSchema = v.object({
  version: v.literal(1),
  occasion: v.picklist(OCCASIONS),
  state: v.string(),
  detail: v.optional(v.string()),
  provider: v.string(),
  provider_version: v.string(),
  ts: v.string(),
});

const noteFile: StateFile<ProvisionNote> = { what: "the note", check: checkSchema(noteSchema) };

/** The parts of a slot that a note is compared with. */
type SlotVersion = Pick<Slot, "provider" | "version">;

/** The memory of each agentic runtime of a peer, in the peer's order. It never throws. */
export function readMemory(
  layout: Layout,
  { personality, runtimes }: Pick<Target, "personality" | "runtimes">,
  slot: SlotVersion | undefined,
): RuntimeMemory[] {
  return runtimes.filter(isAgentic).map((runtime) => {
    const note = readNote(layout, runtime, personality);
    const { version: _, ...lastRun } = note ?? {};
    return { runtime, memory: judgeMemory(note, slot), ...lastRun };
  });
}

/** The state of an identity's memory by its note, under the slot of now. */
export function judgeMemory(note: ProvisionNote | undefined, slot: SlotVersion | undefined): MemoryState {
  if (note === undefined) return "none";
  if (!isGood(note)) return "failed";
  if (directionOf(note.occasion) !== "provision") return "none";
  return slot !== undefined && note.provider === slot.provider && note.provider_version === slot.version ? "attached" : "drifted";
}

function notePath(layout: Layout, identity: string): string {
  return join(layout.stateFolder, `${identity}.provision.json`);
}

/** The note of an identity. A note that does not read counts as none: the next run writes a new one. */
export function readNote(layout: Layout, runtime: string, personality: string): ProvisionNote | undefined {
  return goodState(readState(notePath(layout, identityOf(runtime, personality)), noteFile));
}

/** @throws IapeerError `write-failed`. */
export function writeNote(layout: Layout, identity: string, note: ProvisionNote): void {
  writeState(notePath(layout, identity), note, noteFile);
}

/**
 * Deletes every file that iapeer keeps about an identity.
 *
 * @returns the names of the deleted files and folders.
 * @throws IapeerError `read-failed`, `write-failed`.
 */
export function purgeState(layout: Layout, identity: string): string[] {
  const names = listStateFolder(layout).filter((name) => name.startsWith(`${identity}.`));
  for (const name of names) {
    const path = join(layout.stateFolder, name);
    try {
      rmSync(path, { recursive: true, force: true });
    } catch (error) {
      throw ioError("write-failed", "cannot delete", path, error);
    }
  }
  return names;
}

/**
 * The runtimes of a peer, and behind them the former ones that a file in the state folder still names.
 *
 * @throws IapeerError `read-failed`.
 */
export function listKeptRuntimes(layout: Layout, { personality, runtimes }: Pick<Target, "personality" | "runtimes">): string[] {
  const kept = listStateFolder(layout)
    .map((name) => parseIdentity(name.split(".")[0] ?? ""))
    .filter((identity) => identity?.personality === personality);
  return [...new Set([...runtimes, ...kept.map((identity) => identity!.runtime)])];
}

function listStateFolder(layout: Layout): string[] {
  try {
    return readdirSync(layout.stateFolder);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return [];
    throw ioError("read-failed", "cannot read the folder", layout.stateFolder, error);
  }
}
