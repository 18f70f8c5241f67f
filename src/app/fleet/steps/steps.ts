import { join } from "node:path";
import { fileIdOf } from "../../../core/disk/same-folder.ts";
import { readApplied } from "../../../fleet/applied.ts";
import type { PlanFacts, PlannedRow } from "../../../fleet/plan/types.ts";
import { launchIdentity } from "../../../launch/start/start.ts";
import type { AppliedFleet, Fleet } from "../../../model/agent.ts";
import { IapeerError } from "../../../model/errors.ts";
import { isUnborn } from "../../../provision/provision.ts";
import { readBootUnits } from "../../../boot/boot.ts";
import { servicePlace } from "../../boot.ts";
import type { HostView } from "../../host-view.ts";
import { planLaunch } from "../../launch-plan.ts";
import type { App } from "../../types.ts";
import { openChanges } from "./change.ts";
import { openChecks } from "./check.ts";
import { isLive, requestOf } from "./peer.ts";
import { openRecord } from "./record.ts";
import type { RecordedSteps, StepsRequest } from "./types.ts";
import { syncUnits } from "./units.ts";

export interface FactsRequest {
  readonly fleet: Fleet;
  readonly isPruned: PlanFacts["isPruned"];
  readonly view: HostView;
}

/** Gathers the facts for a plan, as they are on this host now. Throws for a file that cannot be read. */
export function gatherFacts({ layout }: App, { fleet, isPruned, view }: FactsRequest): PlanFacts {
  const { slot } = view.slot();
  return {
    fleet,
    applied: readAppliedOrNone(layout),
    findPeer: view.registry().find,
    isPruned,
    lacksMemory: (personality, runtime) => isUnborn(layout, { slot, personality, runtime }),
    defaultFolder: (name) => join(layout.peersFolder, name),
    folderKey: (path) => fileIdOf(path) ?? path,
  };
}

/** An applied fleet that cannot be read is written anew by this very apply. */
function readAppliedOrNone(layout: App["layout"]): AppliedFleet | undefined {
  try {
    return readApplied(layout);
  } catch (error) {
    if (error instanceof IapeerError && error.code === "fleet-state-corrupt") return undefined;
    throw error;
  }
}

/** Opens the steps that carry out a plan on this host. Once the signal came, work that was begun ends as soon as it can. */
export function openSteps(app: App, request: StepsRequest, signal: AbortSignal): RecordedSteps {
  const { view, isStarted } = request;
  const { record, announce, applied } = openRecord(app, request);
  const hasUnits = readBootUnits(servicePlace(app)).installed !== undefined;
  return {
    applied,
    check: openChecks(app, request),
    announce,
    ...openChanges(app, request, signal),
    record,
    ...(hasUnits && { units: async () => await syncUnits(app, { applied: applied(), registry: view.registry }, signal) }),
    isToLaunch: ({ agent, peer }) => agent !== undefined && isStarted(peer) && !isLive(agent, view),
    launch: async (row) => await launchRow(app, { row, fleet: applied(), view }, signal),
  };
}

interface RowLaunch {
  readonly row: PlannedRow;
  readonly fleet: AppliedFleet | undefined;
  readonly view: HostView;
}

async function launchRow(app: App, { row, fleet, view }: RowLaunch, signal: AbortSignal): Promise<boolean> {
  const { agent, peer, found } = row;
  if (agent === undefined) return false;
  const { cwd } = requestOf(app, agent, found);
  const order = { personality: peer, runtime: agent.runtime, cwd, args: [], fleet, registry: view.registry };
  const { action, wasStopped } = await launchIdentity(planLaunch(app, order), app, signal);
  if (wasStopped) app.tell.note(`${peer} was stopped; its stop mark is gone`);
  return action === "launched";
}
