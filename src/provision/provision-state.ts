import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { errnoOf, ioError } from "../model/errors.ts";
import { goodState, readState, type StateFile, writeState } from "../core/disk/state-file.ts";
import { checkSchema } from "../core/text/schema-check.ts";
import { identityOf, parseIdentity } from "../model/names.ts";
import type { Layout } from "../core/layout.ts";
import { OCCASIONS } from "./occasions.ts";
import { isGood } from "./row-state.ts";

/** The last provider run of an identity, as it is kept in the state folder. */
const noteSchema = v.object({
  version: v.literal(1),
  occasion: v.picklist(OCCASIONS),
  /** The run's state, or a row state of the older plugin form. */
  state: v.string(),
  detail: v.optional(v.string()),
  provider: v.string(),
  provider_version: v.string(),
  ts: v.string(),
});

export type ProvisionNote = v.InferOutput<typeof noteSchema>;

const noteFile: StateFile<ProvisionNote> = { what: "the note", check: checkSchema(noteSchema) };

/**
 * Whether an identity has the host's memory, by its last provider run: `attached`; `drifted`, attached by another
 * provider or version than the slot holds now; `failed`, the last run did not succeed; `none`.
 */
export type MemoryState = "attached" | "drifted" | "failed" | "none";

/** What a note means under the slot of now. */
export function judgeMemory(
  note: ProvisionNote | undefined,
  slot: { provider: string; version: string } | undefined,
): MemoryState {
  if (note === undefined) return "none";
  if (!isGood(note)) return "failed";
  if (note.occasion !== "birth" && note.occasion !== "sweep-on") return "none";
  return slot !== undefined && note.provider === slot.provider && note.provider_version === slot.version ? "attached" : "drifted";
}

function notePath(layout: Layout, identity: string): string {
  return join(layout.stateFolder, `${identity}.provision.json`);
}

/** The last note of an identity; undefined when there is none that reads (it is only a note: the next run renews it). */
export function readNote(layout: Layout, runtime: string, personality: string): ProvisionNote | undefined {
  return goodState(readState(notePath(layout, identityOf(runtime, personality)), noteFile));
}

export function writeNote(layout: Layout, identity: string, note: ProvisionNote): void {
  writeState(notePath(layout, identity), note, noteFile);
}

/** Takes away everything kept about an identity; the names of the files that went. */
export function purgeState(layout: Layout, identity: string): string[] {
  const names = stateFiles(layout).filter((name) => name.startsWith(`${identity}.`));
  for (const name of names) {
    const path = join(layout.stateFolder, name);
    try {
      rmSync(path, { recursive: true, force: true });
    } catch (error) {
      throw ioError("write-failed", "cannot take away", path, error);
    }
  }
  return names;
}

/** The runtimes that something is kept of for a peer, also those that it has no more. */
export function runtimesWithState(layout: Layout, personality: string): string[] {
  const identities = stateFiles(layout).map((name) => parseIdentity(name.split(".")[0] ?? ""));
  return [
    ...new Set(identities.filter((identity) => identity?.personality === personality).map((identity) => identity!.runtime)),
  ];
}

function stateFiles(layout: Layout): string[] {
  try {
    return readdirSync(layout.stateFolder);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return [];
    throw ioError("read-failed", "cannot look at", layout.stateFolder, error);
  }
}
