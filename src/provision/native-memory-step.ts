import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { writeAtomically } from "../core/disk/atomic-write.ts";
import { makeFolder } from "../core/disk/files.ts";
import { type AgenticRuntime, isAgentic } from "../model/runtimes.ts";
import { identityOf } from "../model/names.ts";
import type { Env, Layout } from "../core/layout.ts";
import type { ProvisionRow, Target } from "./attach.ts";
import { codexHome, switchNativeMemory, untrustFolder } from "./native-memory.ts";
import type { ProviderTools } from "./provider-command.ts";

export interface NativeContext {
  readonly layout: Layout;
  readonly env: Env;
  readonly tools: Pick<ProviderTools, "warn">;
}

/** A birth's first step under an occupied slot. What is left alone is a warning; the birth goes on. */
export async function switchOffForBirth(target: Target, runtime: AgenticRuntime, context: NativeContext): Promise<void> {
  const { state, detail } = await switchNative(target, runtime, { ...context, direction: "off" });
  if (state === "left-alone") context.tools.warn(`${runtime}'s own memory stays on for ${target.personality}: ${detail}`);
}

/** One peer × runtime of `native-memory`. That codex trusts a folder because of us is kept with the peer's state. */
export async function switchNative(
  target: Target,
  runtime: AgenticRuntime,
  context: NativeContext & { readonly direction: "off" | "on" },
): Promise<ProvisionRow> {
  const place = placeOf(target, runtime, context);
  const outcome = await switchNativeMemory({ ...place, direction: context.direction, runtime });
  if (outcome.trusted !== undefined) keepTrust(context.layout, identityOf(runtime, target.personality), outcome.trusted);
  const { state, detail } = outcome;
  return { personality: target.personality, runtime, state, ...(detail !== undefined && { detail }) };
}

/** Takes out of codex' settings the trust in a peer's folder, if it was iapeer that put it in. */
export async function takeBackTrust(target: Target, context: NativeContext): Promise<void> {
  for (const runtime of target.runtimes.filter(isAgentic)) {
    const mark = trustMark(context.layout, identityOf(runtime, target.personality));
    if (!existsSync(mark)) continue;
    const folder = readFileSync(mark, "utf8");
    const { state, detail } = await untrustFolder({ ...placeOf(target, "codex", context), folder });
    if (state === "left-alone") context.tools.warn(`codex still trusts ${folder}: ${detail}`);
  }
}

/** claude's settings are in the peer's folder; codex' are the person's, and other roots of theirs write them too. */
function placeOf(target: Target, runtime: AgenticRuntime, { layout, env }: NativeContext) {
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
