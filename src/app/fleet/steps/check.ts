import { refuseRealRootInSandbox } from "../../../core/layout.ts";
import type { ApplySteps, Plan, PlannedRow } from "../../../fleet/plan/types.ts";
import { IapeerError } from "../../../model/errors.ts";
import { registrationCheck } from "../../../registry/registry.ts";
import type { Registry } from "../../../registry/types.ts";
import { findProgram } from "../../../launch/runtime/runtime.ts";
import { refuseLive } from "../../remove.ts";
import type { App } from "../../types.ts";
import { requestOf } from "./peer.ts";
import type { StepsRequest } from "./types.ts";
import { namedSocketPath } from "../../../core/socket-path.ts";

/** Checks that a row can be done, as far as that can be known without a change. */
export function openChecks(app: App, { plan, facts, view, isForced, isStarted }: StepsRequest): ApplySteps["check"] {
  const checkRegistration = registrationCheck(app.layout, withoutLeaving(view.registry(), plan));
  const refuseLivePeer = (personality: string, runtimes: readonly string[]) =>
    refuseLive(app, { personality, runtimes, hint: `stop it first: iapeer stop ${personality}` }, view.statuses());

  const checkTwin = ({ peer, before, found }: PlannedRow) => {
    if (found === undefined) return;
    const isMember = before !== undefined && before.remote === undefined;
    if (isMember && facts.isPruned(peer)) return refuseLivePeer(peer, found.runtimes);
    const hint = isMember ? "have it leave this one: iapeer fleet apply --prune" : `take it away here: iapeer remove ${peer}`;
    throw new IapeerError("peer-conflict", `${peer} is declared on another host, and registered on this one`, { hint });
  };

  return (row) => {
    const { agent, found, peer, op } = row;
    if (agent?.remote !== undefined) return checkTwin(row);
    if (op === "remove" && !isForced && found !== undefined) refuseLivePeer(peer, found.runtimes);
    if (agent === undefined) return;
    const ended = endedRuntimes(row);
    if (ended.length > 0) refuseLivePeer(peer, ended);
    const request = requestOf(app, agent, found);
    refuseRealRootInSandbox(app.env, request.cwd);
    // A folder that another peer is still to leave is looked at when it has.
    if (op !== "unchanged" && row.waitsOn.length === 0) checkRegistration(request);
    if (!isStarted(peer)) return;
    if (facts.fleet.socketName !== undefined) namedSocketPath(app.env, facts.fleet.socketName);
    findProgram({ cwd: request.cwd, runtime: agent.runtime }, app);
  };
}

/** The runtimes whose sessions cannot go on: all of a peer that moves, else the one that it loses. */
function endedRuntimes({ isMove, found, leaving }: PlannedRow): readonly string[] {
  if (isMove) return found!.runtimes;
  return leaving === undefined ? [] : [leaving];
}

/** The registry as it will be without the peers that go and those that change their folder. */
function withoutLeaving(registry: Registry, { rows }: Plan): Registry {
  const leaving = rows.filter(({ op, isMove, found }) => op === "remove" || isMove || found?.isBeingRemoved);
  return registry.without(new Set(leaving.map(({ peer }) => peer)));
}
