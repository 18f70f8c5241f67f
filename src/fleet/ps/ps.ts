import { identityOf } from "../../model/names.ts";
import type { Remote } from "../../model/agent.ts";
import { findDrift } from "./drift.ts";
import { type FleetFacts, NOTHING_KNOWN, type SessionFacts } from "./facts.ts";
import { judgeHealth, livedSecsOf } from "./health.ts";
import { readFleetFacts } from "./observe.ts";
import type { PsQuery, PsRow } from "./types.ts";
import { findUndeclared, type RowAgent } from "./undeclared.ts";

/**
 * Reads a row for every agent of a fleet, as it is now. It starts nothing and writes no file. Each log is read once, and only live sessions
 * are asked.
 *
 * @throws IapeerError `fleet-state-corrupt`, `registry-corrupt`, `registry-insecure`, `read-failed`.
 */
export function readPsRows(query: PsQuery): PsRow[] {
  return joinFleet(readFleetFacts(query));
}

/** Returns true for a row that needs a person: a declared agent of this host that is not healthy, or any drift. */
export function needsPerson({ declared, health, drift }: Pick<PsRow, "declared" | "health" | "drift">): boolean {
  return drift.length > 0 || (declared && health !== "healthy" && health !== "remote");
}

/** Makes one row an agent: the declared ones in the order of the file, then those that exist and are not declared. */
export function joinFleet(facts: FleetFacts): PsRow[] {
  const applied = new Map((facts.applied?.agents ?? []).map((agent) => [agent.name, agent]));
  const peers = new Map(facts.peers.map((peer) => [peer.personality, peer]));
  const declared = facts.fleet.agents.map((agent) => {
    const query = { agent, applied: applied.get(agent.name), peer: peers.get(agent.name) };
    const standing = { declared: true, applied: query.applied !== undefined, registered: query.peer !== undefined };
    return toRow(agent, { ...standing, drift: findDrift(query, facts) }, facts);
  });
  const undeclared = findUndeclared(facts).map(({ agent, ...found }) => toRow(agent, { declared: false, ...found }, facts));
  return [...declared, ...undeclared];
}

/** The places that know an agent, and the differences between them. */
type Standing = Pick<PsRow, "declared" | "applied" | "registered" | "drift">;

function toRow(agent: RowAgent, { drift, ...standing }: Standing, facts: FleetFacts): PsRow {
  const identity = agent.runtime === null ? null : identityOf(agent.runtime, agent.name);
  const who = { identity, peer: agent.name, class: agent.class, runtime: agent.runtime };
  if (agent.remote !== undefined)
    return { ...who, ...placeOf(agent.remote), ...standing, registered: false, ...NOT_LOOKED_AT, drift };
  const known = (identity === null ? undefined : facts.sessions.get(identity)) ?? NOTHING_KNOWN;
  const { host, tenant } = facts.here;
  return { ...who, host, tenant, ...standing, unit: facts.units.unitOf(agent.name), ...describeSession(known, facts), drift };
}

/** An agent of another host belongs to the user that `ssh` names. */
function placeOf({ host, ssh }: Remote): Pick<PsRow, "host" | "tenant"> {
  const at = ssh.lastIndexOf("@");
  return { host, tenant: at === -1 ? null : ssh.slice(0, at) };
}

type Session = Pick<
  PsRow,
  "status" | "reason" | "health" | "heartbeat_age_secs" | "since" | "up_secs" | "server_pid" | "last_death"
>;

const NOT_LOOKED_AT: Session & Pick<PsRow, "unit"> = {
  unit: null,
  status: "remote",
  health: "remote",
  heartbeat_age_secs: null,
  since: null,
  up_secs: null,
  server_pid: null,
  last_death: null,
};

function describeSession(known: SessionFacts, facts: FleetFacts): Session {
  const launch = known.session?.launch;
  const livedSecs = launch === undefined ? -1 : Math.floor(livedSecsOf(launch, facts.now));
  return {
    status: known.status,
    ...(known.reason !== undefined && { reason: known.reason }),
    health: judgeHealth(known, facts),
    heartbeat_age_secs: known.heartbeatAgeSecs ?? null,
    since: launch?.launchedAt ?? null,
    up_secs: livedSecs < 0 ? null : livedSecs,
    server_pid: known.session?.serverPid ?? null,
    last_death: known.lastDeath,
  };
}
