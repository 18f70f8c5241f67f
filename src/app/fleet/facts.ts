import { join } from "node:path";
import { IapeerError } from "../../model/errors.ts";
import type { Layout } from "../../core/layout.ts";
import { readApplied } from "../../fleet/applied.ts";
import type { FoundPeer, PlanFacts } from "../../fleet/plan/plan.ts";
import type { Fleet, AppliedFleet } from "../../model/agent.ts";
import { isUnborn } from "../../provision/provision.ts";
import { isSameFolder } from "../../core/disk/same-folder.ts";
import type { Registry } from "../../registry/types.ts";
import { readSlot } from "../../status/slot/slot.ts";

/** What a plan is made from, as it stands on this host now. */
export function gatherFacts(
  fleet: Fleet,
  registry: Registry,
  { layout, isPruned }: { readonly layout: Layout; readonly isPruned: PlanFacts["isPruned"] },
): PlanFacts {
  const { slot } = readSlot(layout);
  return {
    fleet,
    applied: readAppliedOrNone(layout),
    peers: new Map(registry.peers.map((peer): [string, FoundPeer] => [peer.personality, peer])),
    isPruned,
    lacksMemory: (personality, runtime) => isUnborn(layout, { slot, personality, runtime }),
    defaultFolder: (name) => join(layout.peersFolder, name),
    isSameFolder,
  };
}

/** What cannot be read is written anew by this very apply. */
function readAppliedOrNone(layout: Layout): AppliedFleet | undefined {
  try {
    return readApplied(layout);
  } catch (error) {
    if (error instanceof IapeerError && error.code === "fleet-state-corrupt") return undefined;
    throw error;
  }
}
