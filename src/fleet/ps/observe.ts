import { basename } from "node:path";
import { identityOf } from "../../model/names.ts";
import { type Env, homeFrom, type Layout } from "../../core/layout.ts";
import { readRegistry } from "../../registry/registry.ts";
import { type Clocks, readBeat, readClocks } from "../../status/beat.ts";
import { readBootUnits } from "../../boot/boot.ts";
import type { UnitState } from "../../boot/types.ts";
import { readLastDeaths } from "../../status/deaths/deaths.ts";
import type { Death } from "../../status/deaths/types.ts";
import { secsSinceStart } from "../../core/process/boot-id.ts";
import { isAgentRunning } from "../../status/incarnation/incarnation.ts";
import { observeServer, readStatuses } from "../../status/liveness/liveness.ts";
import type { PeerStatus } from "../../status/liveness/types.ts";
import { readApplied } from "../applied.ts";
import { surroundingsOf } from "../file/file.ts";
import type { FleetFacts, LiveSession, SessionFacts, UnitFacts } from "./facts.ts";
import type { LastDeath, PsQuery } from "./types.ts";

/**
 * Reads all facts for the rows of a fleet. It starts nothing and writes no file. Each log is read once, and only live sessions are asked.
 *
 * @throws IapeerError `fleet-state-corrupt`, `registry-corrupt`, `registry-insecure`, `log-untrusted`, `read-failed`.
 */
export function readFleetFacts({ fleet, layout, env, here, now, withinSecs }: PsQuery): FleetFacts {
  const applied = readApplied(layout);
  const peers = readRegistry(layout).peers;
  const members = [...fleet.agents, ...(applied?.agents ?? []), ...(applied?.left ?? [])].filter(
    ({ remote }) => remote === undefined,
  );
  const pairs = [
    ...members.map(({ name, runtime }) => ({ name, runtime })),
    ...peers.flatMap(({ personality, runtimes }) => runtimes.map((runtime) => ({ name: personality, runtime }))),
  ];
  const identities = [...new Set(pairs.map(({ runtime, name }) => identityOf(runtime, name)))];
  const deaths = readLastDeaths(layout, identities);
  const statuses = readStatuses(layout);
  const clocks = readClocks(now);
  const sessions = identities.map((identity): [string, SessionFacts] => {
    // A beat that came after the clocks were read would be from the future.
    const beat = readBeat(layout, identity, clocks) ?? readBeat(layout, identity, now);
    const looked = lookAt(identity, statuses.of(identity), { layout, clocks });
    const reason = statuses.whyUnknown(identity);
    const told = { ...looked, ...(looked.status === "unknown" && reason !== undefined && { reason }) };
    return [identity, { ...told, heartbeatAgeSecs: beat?.ageSecs, lastDeath: toLastDeath(deaths.get(identity)) }];
  });
  return {
    fleet,
    applied,
    peers,
    sessions: new Map(sessions),
    units: readUnits(env),
    here,
    surroundings: surroundingsOf(layout, env),
    now,
    withinSecs,
  };
}

function readUnits(env: Env): UnitFacts {
  const units = readBootUnits({ home: homeFrom(env), env });
  const found = new Map<string, UnitState>();
  const unitOf = (name: string): UnitState => {
    const state = found.get(name) ?? units.unitOf(name);
    found.set(name, state);
    return state;
  };
  return {
    isInstalled: units.installed !== undefined,
    unitOf,
    enabled: units.listAgents().filter((name) => unitOf(name) === "enabled"),
  };
}

/** Looks at the server of a live identity: the one that was launched, or another. */
function lookAt(
  identity: string,
  status: PeerStatus,
  { layout, clocks }: { readonly layout: Layout; readonly clocks: Clocks },
): { readonly status: PeerStatus; readonly session?: LiveSession } {
  if (status !== "live") return { status };
  const state = observeServer(layout, identity);
  switch (state.kind) {
    case "gone":
      // It has ended since.
      return { status: "asleep" };
    case "unknown":
    case "elsewhere":
    case "hung":
      return { status: "unknown" };
    case "other":
      return { status, session: { serverPid: state.pid } };
    case "unreachable":
      return { status: "unknown", session: { serverPid: state.incarnation.server.pid } };
    case "ours": {
      const { server, pane, launched_at: launchedAt, model, shared, socket } = state.incarnation;
      // Nobody knows which process is the agent of a server that was found running.
      const upSecs = secsSinceStart((pane ?? server).start, clocks.uptimeSecs);
      const isRunning = pane === null || isAgentRunning(state.incarnation);
      return {
        status,
        session: {
          serverPid: server.pid,
          launch: {
            launchedAt,
            isAgentRunning: isRunning,
            ...(upSecs !== undefined && { upSecs }),
            ...(model !== undefined && { model }),
            ...(shared && { socketName: basename(socket) }),
          },
        },
      };
    }
  }
}

function toLastDeath(death: Death | undefined): LastDeath | null {
  if (death === undefined) return null;
  const { id, ts, verdict, cause } = death;
  return { id, ts, verdict, cause: cause ?? null };
}
