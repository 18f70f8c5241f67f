import { realpathSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Rewrite, rewriteForeignFile, type TextEdit } from "../../core/disk/foreign-file.ts";
import { withLock } from "../../core/disk/lock.ts";
import { type Env, homeFrom } from "../../core/layout.ts";
import { describeErrno, errnoOf, IapeerError } from "../../model/errors.ts";
import type { AgenticRuntime } from "../../model/runtimes.ts";
import { switchClaudeMemory } from "./claude-settings.ts";
import { switchCodexMemory, trustFolder, untrustFolder } from "./codex-config.ts";

/** The files that are changed, and the lock that guards them. */
export interface MemoryPlace {
  /** The peer's folder. */
  readonly folder: string;
  readonly env: Env;
  /** Its folder exists. For codex it stands beside config.toml, which the peers of all roots share. */
  readonly lockFile: string;
}

export interface MemorySwitch extends MemoryPlace {
  readonly direction: "off" | "on";
  readonly runtime: AgenticRuntime;
}

/** The state of a runtime's own memory after a change. `left-alone`: it is not as asked, and `detail` says why. */
export interface NativeMemoryOutcome {
  readonly state: "changed" | "unchanged" | "left-alone";
  /** The files that were changed. */
  readonly files: readonly string[];
  /** The resolved folder that codex trusts since this very call. Keep it, and hand it to withdrawTrust with the peer's end. */
  readonly trusted?: string;
  readonly detail?: string;
}

/** The wait for another iapeer, which holds the lock for milliseconds. */
const LOCK_TIMEOUT_MS = 10_000;

/**
 * Switches a runtime's own memory for one folder (contract 5). Every other byte of the files stays. A file that does not
 * parse and a refusal of the system are `left-alone`.
 *
 * @throws IapeerError `interrupted`: the signal came while another process held the lock.
 */
export async function switchNativeMemory(wanted: MemorySwitch, signal: AbortSignal): Promise<NativeMemoryOutcome> {
  return await attempt(wanted, signal, () => {
    const folder = realpathSync(wanted.folder);
    if (wanted.runtime === "claude") return switchClaude(folder, wanted.direction);
    return wanted.direction === "off" ? switchCodexOff(folder, wanted.env) : rewriteOne(folderConfig(folder), codexSwitch("on"));
  });
}

/**
 * Removes the trust that switchNativeMemory added to codex' config.toml. Call it only for a folder that was reported as
 * `trusted`: the trust of a person looks the same. The folder itself may be gone.
 *
 * @throws IapeerError `interrupted`, as switchNativeMemory.
 */
export async function withdrawTrust(place: MemoryPlace, signal: AbortSignal): Promise<NativeMemoryOutcome> {
  return await attempt(place, signal, () => {
    // The path is not resolved again: by now it may be a link to a folder that the person trusts.
    return rewriteOne(sharedConfig(place.env), (text) => whenThere(text, (present) => untrustFolder(present, place.folder)));
  });
}

/** The folder of codex' settings: `$CODEX_HOME`, else `$HOME/.codex`. */
export function codexHome(env: Env): string {
  return resolve(env["CODEX_HOME"] || join(homeFrom(env), ".codex"));
}

async function attempt(
  { lockFile, folder }: MemoryPlace,
  signal: AbortSignal,
  work: () => NativeMemoryOutcome,
): Promise<NativeMemoryOutcome> {
  try {
    return await withLock(lockFile, { timeoutMs: LOCK_TIMEOUT_MS, signal }, work);
  } catch (error) {
    if (error instanceof IapeerError && error.code !== "interrupted") return leftAlone(error.message);
    if (errnoOf(error) === undefined) throw error;
    return leftAlone(`the folder ${folder}: ${describeErrno(error)}`);
  }
}

function switchClaude(folder: string, direction: MemorySwitch["direction"]): NativeMemoryOutcome {
  return rewriteOne(join(folder, ".claude", "settings.json"), (text) => switchClaudeMemory(text, direction));
}

/** The trust comes first: codex reads no config.toml in a folder that it does not trust. */
function switchCodexOff(folder: string, env: Env): NativeMemoryOutcome {
  const trust = rewriteOne(sharedConfig(env), (text) => trustFolder(text ?? "", folder));
  if (trust.state === "left-alone") return trust;
  const isNew = trust.state === "changed";
  const memories = tryRewriteOne(folderConfig(folder), codexSwitch("off"));
  const state = memories.state === "unchanged" ? trust.state : memories.state;
  return { ...memories, state, files: [...trust.files, ...memories.files], ...(isNew && { trusted: folder }) };
}

function codexSwitch(direction: MemorySwitch["direction"]): (text: string | undefined) => TextEdit {
  if (direction === "off") return (text) => switchCodexMemory(text ?? "", "off");
  return (text) => whenThere(text, (present) => switchCodexMemory(present, "on"));
}

function whenThere(text: string | undefined, edit: (text: string) => TextEdit): TextEdit {
  return text === undefined ? { state: "unchanged" } : edit(text);
}

/** As rewriteOne, for the second of two files: the caller still has to report the first one. */
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
