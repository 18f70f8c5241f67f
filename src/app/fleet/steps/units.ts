import { agentOfFile, platformOf } from "../../../core/service/place.ts";
import type { AppliedFleet } from "../../../model/agent.ts";
import type { Registry } from "../../../registry/types.ts";
import { chooseBootAgents, openBoot, syncBoot } from "../../boot.ts";
import type { App } from "../../types.ts";

/** Brings the units that start agents at boot in step with the applied fleet. Returns the agents whose unit was changed. */
export async function syncUnits(
  app: App,
  { applied, registry }: { readonly applied: AppliedFleet | undefined; readonly registry: () => Registry },
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const boot = openBoot(app, signal);
  const rows = await syncBoot(chooseBootAgents({ applied, registry: registry() }), boot, registry);
  return new Set(
    rows.filter(({ op }) => op !== "unchanged").flatMap(({ unit }) => agentOfFile(unit, platformOf(boot.place)) ?? []),
  );
}
