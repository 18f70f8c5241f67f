import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { writeAtomically } from "../../core/disk/atomic-write.ts";
import { makeFolder } from "../../core/disk/files.ts";
import type { Host } from "../../core/host.ts";
import type { Layout } from "../../core/layout.ts";
import { identityOf } from "../../model/names.ts";
import { type AgenticRuntime, isAgentic } from "../../model/runtimes.ts";
import type { ProvisionRow, Target } from "../types.ts";
import { codexHome, type MemoryPlace, switchNativeMemory, withdrawTrust } from "./switch.ts";

type NativeHost = Pick<Host, "layout" | "env" | "tell">;

export interface NativeRequest {
  readonly target: Target;
  readonly runtime: AgenticRuntime;
  readonly direction: "off" | "on";
}

/**
 * Switches a runtime's own memory for one peer. A trust that it adds to codex' settings is kept with the peer's state.
 * The row is `changed`, `unchanged`, or `left-alone` with the reason.
 *
 * @throws IapeerError `interrupted`; `write-failed`: the trust cannot be kept.
 */
export async function switchNative(host: NativeHost, request: NativeRequest, signal: AbortSignal): Promise<ProvisionRow> {
  const { target, runtime, direction } = request;
  const place = placeOf(host, target, runtime);
  const { state, trusted, detail } = await switchNativeMemory({ ...place, direction, runtime }, signal);
  if (trusted !== undefined) keepTrust(host.layout, identityOf(runtime, target.personality), trusted);
  return { personality: target.personality, runtime, state, ...(detail !== undefined && { detail }) };
}

/**
 * Removes the trust in a peer's folder from codex' settings, where iapeer had added it. Where another peer shares the folder, the trust stays
 * and is that peer's from now on. A failure is a warning.
 *
 * @param sharers the other peers of the folder
 * @throws IapeerError `interrupted`: the trust is still there, and so is the mark of it.
 */
export async function takeBackTrust(
  host: NativeHost,
  { target, sharers }: { readonly target: Target; readonly sharers: () => readonly Target[] },
  signal: AbortSignal,
): Promise<void> {
  for (const runtime of target.runtimes.filter(isAgentic)) {
    const mark = trustMark(host.layout, identityOf(runtime, target.personality));
    if (!existsSync(mark)) continue;
    const folder = readFileSync(mark, "utf8");
    const heir = sharers().find(({ runtimes }) => runtimes.includes(runtime));
    if (heir !== undefined) {
      keepTrust(host.layout, identityOf(runtime, heir.personality), folder);
      continue;
    }
    const { state, detail } = await withdrawTrust({ ...placeOf(host, target, "codex"), folder }, signal);
    if (state === "left-alone") host.tell.warn(`codex still trusts ${folder}: ${detail}`);
  }
}

/** The settings of claude are in the peer's folder. Those of codex are the person's, and other roots change them too. */
function placeOf({ layout, env }: NativeHost, target: Target, runtime: AgenticRuntime): MemoryPlace {
  const lockFile =
    runtime === "codex" ? join(codexHome(env), ".iapeer.lock") : join(dirname(layout.stateFolder), "native-memory.lock");
  makeFolder(dirname(lockFile));
  return { folder: target.cwd, env, lockFile };
}

function keepTrust(layout: Layout, identity: string, folder: string): void {
  makeFolder(layout.stateFolder);
  writeAtomically(trustMark(layout, identity), folder);
}

function trustMark(layout: Layout, identity: string): string {
  return join(layout.stateFolder, `${identity}.trusted-folder`);
}
