import { identityOf } from "../model/names.ts";
import type { Layout } from "../core/layout.ts";
import type { Slot } from "../status/slot/types.ts";
import { agenticRuntimes, type ProvisionContext, type ProvisionRow, runProviderFor, type Target } from "./attach.ts";
import { takeBackTrust } from "./native-memory-step.ts";
import { runPluginForm } from "./plugin-form.ts";
import { purgeState } from "./provision-state.ts";

/** Detaches the host's memory from some runtimes of a peer (`remove`). An empty slot has nothing to detach. */
export async function detachAtRemoval(
  target: Target,
  allTargets: readonly Target[],
  context: Omit<ProvisionContext, "slot"> & { readonly slot: Slot | undefined },
): Promise<ProvisionRow[]> {
  const { slot } = context;
  if (slot?.unprovision !== undefined) {
    const rows: ProvisionRow[] = [];
    for (const runtime of agenticRuntimes(target)) {
      if (context.signal?.aborted) break;
      rows.push(await runProviderFor(target, runtime, "remove", { ...context, slot }));
    }
    return rows;
  }
  if (slot?.plugin === undefined || slot.provision !== undefined || agenticRuntimes(target).length === 0) return [];
  return await runPluginForm({
    direction: "off",
    scope: "peer",
    targets: [target],
    allTargets,
    plugin: slot.plugin,
    runner: context.tools.runner,
    env: context.env,
    jobs: 1,
    ...(context.signal !== undefined && { signal: context.signal }),
    onRow: () => undefined,
  });
}

/** Takes away all that is kept about a peer's runtimes; the names of what went. */
export async function purgePeer(target: Target, context: Pick<ProvisionContext, "layout" | "env" | "tools">): Promise<string[]> {
  await takeBackTrust(target, context);
  return target.runtimes.flatMap((runtime) => purgeRuntime(context.layout, runtime, target.personality));
}

/** Takes away all that is kept about one identity. */
export function purgeRuntime(layout: Layout, runtime: string, personality: string): string[] {
  return purgeState(layout, identityOf(runtime, personality));
}
