import { realpathSync } from "node:fs";
import { join, resolve } from "node:path";
import { describeErrno, errnoOf, IapeerError } from "../model/errors.ts";
import { type Rewrite, rewriteForeignFile, type TextEdit } from "../core/disk/foreign-file.ts";
import { withLock } from "../core/disk/lock.ts";
import type { AgenticRuntime } from "../model/runtimes.ts";
import { type Env, homeFrom } from "../core/layout.ts";
import { switchClaudeMemory } from "./claude-settings.ts";
import * as codex from "./codex-config.ts";

/** Whose files are changed, and what guards them. */
export interface MemoryPlace {
  /** The peer's folder. */
  readonly folder: string;
  readonly env: Env;
  /** A lock file whose folder exists; for codex one beside its config.toml, which the peers of all roots share. */
  readonly lockFile: string;
}

export interface MemorySwitch extends MemoryPlace {
  readonly direction: "off" | "on";
  readonly runtime: AgenticRuntime;
}

/** What became of a runtime's own memory. `left-alone`: it is not as asked for, and `detail` says why. */
export interface NativeMemoryOutcome {
  readonly state: "changed" | "unchanged" | "left-alone";
  /** The files that were changed. */
  readonly files: readonly string[];
  /** The resolved folder that codex trusts since this very call: keep it, and hand it to untrustFolder with the peer's end. */
  readonly trusted?: string;
  readonly detail?: string;
}

/** How long another iapeer is waited for; the lock is held for milliseconds. */
const LOCK_TIMEOUT_MS = 10_000;

/**
 * Switches the runtime's own memory for one folder (contract 5). Every other byte of the files stays.
 * Never throws: what a file holds or the system refuses is `left-alone`.
 */
export async function switchNativeMemory(wanted: MemorySwitch): Promise<NativeMemoryOutcome> {
  return await attempt(wanted, () => {
    const folder = realpathSync(wanted.folder);
    if (wanted.runtime === "claude") return switchClaude(folder, wanted.direction);
    return wanted.direction === "off" ? switchCodexOff(folder, wanted.env) : rewriteOne(folderConfig(folder), codexSwitch("on"));
  });
}

/**
 * Takes the trust out of codex' config.toml that switchNativeMemory put in. Only call it for a folder that was
 * reported as `trusted`: one that the person trusted looks the same. The folder itself may be gone.
 */
export async function untrustFolder(place: MemoryPlace): Promise<NativeMemoryOutcome> {
  return await attempt(place, () => {
    // As it was resolved then: what is at that path now may be a link to a folder that the person trusts.
    return rewriteOne(sharedConfig(place.env), (text) =>
      whenThere(text, (present) => codex.untrustFolder(present, place.folder)),
    );
  });
}

/** codex' own folder: `$CODEX_HOME`, else `$HOME/.codex`. */
export function codexHome(env: Env): string {
  return resolve(env["CODEX_HOME"] || join(homeFrom(env), ".codex"));
}

async function attempt(place: MemoryPlace, work: () => NativeMemoryOutcome): Promise<NativeMemoryOutcome> {
  try {
    return await withLock(place.lockFile, { timeoutMs: LOCK_TIMEOUT_MS }, work);
  } catch (error) {
    if (error instanceof IapeerError) return leftAlone(error.message);
    if (errnoOf(error) === undefined) throw error;
    return leftAlone(`the folder ${place.folder}: ${describeErrno(error)}`);
  }
}

function switchClaude(folder: string, direction: MemorySwitch["direction"]): NativeMemoryOutcome {
  return rewriteOne(join(folder, ".claude", "settings.json"), (text) => switchClaudeMemory(text, direction));
}

/** Trust first: codex reads no config.toml in a folder that it does not trust. */
function switchCodexOff(folder: string, env: Env): NativeMemoryOutcome {
  const trust = rewriteOne(sharedConfig(env), (text) => codex.trustFolder(text ?? "", folder));
  if (trust.state === "left-alone") return trust;
  const isNew = trust.state === "changed";
  const memories = tryRewriteOne(folderConfig(folder), codexSwitch("off"));
  const state = memories.state === "unchanged" ? trust.state : memories.state;
  return { ...memories, state, files: [...trust.files, ...memories.files], ...(isNew && { trusted: folder }) };
}

function codexSwitch(direction: MemorySwitch["direction"]): (text: string | undefined) => TextEdit {
  if (direction === "off") return (text) => codex.switchCodexMemory(text ?? "", "off");
  return (text) => whenThere(text, (present) => codex.switchCodexMemory(present, "on"));
}

function whenThere(text: string | undefined, edit: (text: string) => TextEdit): TextEdit {
  return text === undefined ? { state: "unchanged" } : edit(text);
}

/** As rewriteOne, for the second of two files: what became of the first must still be told. */
function tryRewriteOne(path: string, edit: (text: string | undefined) => TextEdit): NativeMemoryOutcome {
  try {
    return rewriteOne(path, edit);
  } catch (error) {
    if (!(error instanceof IapeerError)) throw error;
    return leftAlone(error.message);
  }
}

function rewriteOne(path: string, edit: (text: string | undefined) => TextEdit): NativeMemoryOutcome {
  const done: Rewrite = rewriteForeignFile(path, edit);
  if (done.state === "refused") return leftAlone(`${path} ${done.why}`);
  return { state: done.state, files: done.state === "changed" ? [path] : [] };
}

function leftAlone(detail: string): NativeMemoryOutcome {
  return { state: "left-alone", files: [], detail };
}

function sharedConfig(env: Env): string {
  return join(codexHome(env), "config.toml");
}

function folderConfig(folder: string): string {
  return join(folder, ".codex", "config.toml");
}
