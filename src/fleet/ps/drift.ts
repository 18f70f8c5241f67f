import { identityOf } from "../../model/names.ts";
import type { Peer } from "../../registry/types.ts";
import type { Agent } from "../../model/agent.ts";
import { type FleetFacts, NOTHING_KNOWN } from "./facts.ts";
import { DRIFT_CODES } from "./drift-codes.ts";
import type { Drift, DriftCode } from "./types.ts";

/** One declared agent, and what is registered and applied for it. */
export interface DriftQuery {
  readonly agent: Agent;
  readonly applied: Agent | undefined;
  /** The peer of that name on this host. */
  readonly peer: Peer | undefined;
}

/** Finds every difference between an agent and its declaration. */
export function findDrift(query: DriftQuery, facts: FleetFacts): Drift[] {
  const { agent, applied } = query;
  const local =
    agent.remote === undefined ? [...findStanding(query), ...findRegistered(query, facts), ...findRunning(query, facts)] : [];
  const missing: (Drift | undefined)[] =
    applied === undefined ? [drift("not-applied", "it is declared and not applied: iapeer fleet apply")] : [];
  return sortDrift([
    ...missing,
    ...(applied === undefined ? [] : findUnapplied(agent, applied)),
    ...local,
    ...findUnits(query, facts),
  ]);
}

export function drift(code: DriftCode, message: string): Drift {
  return { code, message };
}

/** Sorts drift by its code, in the order of DRIFT_CODES. */
export function sortDrift(found: readonly (Drift | undefined)[]): Drift[] {
  const all = found.filter((one) => one !== undefined);
  return DRIFT_CODES.flatMap((code) => all.filter((one) => one.code === code));
}

function findStanding({ applied, peer }: DriftQuery): (Drift | undefined)[] {
  return [
    peer === undefined && applied !== undefined
      ? drift("not-registered", "it is applied, and no such peer is registered: iapeer fleet apply")
      : undefined,
    peer?.isBeingRemoved ? drift("being-removed", "it is declared, and its peer is being removed") : undefined,
  ];
}

/** Compares one property with other sources. undefined where each source that knows it agrees with the file. */
function differs(code: DriftCode, declared: string, others: Readonly<Record<string, string | undefined>>): Drift | undefined {
  const different = Object.entries(others).filter(([, value]) => value !== undefined && value !== declared);
  if (different.length === 0) return undefined;
  return drift(code, `the file says ${declared}; ${different.map(([source, value]) => `${source}: ${value}`).join("; ")}`);
}

/** Compares the parts that only the file and the applied fleet know. */
function findUnapplied(agent: Agent, applied: Agent): (Drift | undefined)[] {
  return [
    differs("host-differs", placeOf(agent), { applied: placeOf(applied) }),
    differs("class-differs", agent.class, { applied: applied.class }),
    differs("persistence-differs", persistenceOf(agent), { applied: persistenceOf(applied) }),
    ...(agent.remote === undefined ? [] : findRemoteUnapplied(agent, applied)),
  ];
}

function findRemoteUnapplied(agent: Agent, applied: Agent): (Drift | undefined)[] {
  return [
    differs("runtime-differs", agent.runtime, { applied: applied.runtime }),
    differs("model-differs", agent.modelHint ?? NONE, { applied: applied.modelHint ?? NONE }),
    differs("folder-differs", agent.workingDirectory ?? NONE, { applied: applied.workingDirectory ?? NONE }),
  ];
}

const NONE = "none";
const OWN = "its own";

function placeOf({ remote }: Agent): string {
  if (remote === undefined) return "this host";
  return [`${remote.host} by ${remote.ssh}`, ...(remote.socket === undefined ? [] : [`socket ${remote.socket}`])].join(", ");
}

function persistenceOf({ isPersistent }: Agent): string {
  return isPersistent ? "persistent" : "not persistent";
}

/** Compares the parts that the registry knows too. */
function findRegistered(
  { agent, applied, peer }: DriftQuery,
  { fleet, applied: all, surroundings, sessions }: FleetFacts,
): (Drift | undefined)[] {
  const folder = agent.workingDirectory;
  const isSame = (other: string | undefined) =>
    other === folder ||
    (other !== undefined && folder !== undefined && surroundings.resolveLinks(other) === surroundings.resolveLinks(folder));
  const isElsewhere = folder !== undefined && peer !== undefined && !isSame(peer.cwd);
  const others = (peer?.runtimes ?? []).filter((runtime) => runtime !== agent.runtime);
  const launch = sessions.get(identityOf(agent.runtime, agent.name))?.session?.launch;
  const running = others.filter((runtime) => sessions.get(identityOf(runtime, agent.name))?.status === "live");
  return [
    differs("runtime-differs", agent.runtime, {
      applied: applied?.runtime,
      registered: peer && (peer.runtimes.includes(agent.runtime) ? peer.defaultRuntime : peer.runtimes.join(", ")),
      running: running.length === 0 ? undefined : running.join(", "),
    }),
    // An agent without a declared folder has the folder of its peer.
    differs("folder-differs", folder ?? NONE, {
      applied: applied === undefined || isSame(applied.workingDirectory) ? undefined : (applied.workingDirectory ?? NONE),
      registered: isElsewhere ? peer.cwd : undefined,
    }),
    applied === undefined
      ? undefined
      : differs("socket-differs", fleet.socketName ?? OWN, {
          applied: all?.socketName ?? OWN,
          running: launch && (launch.socketName ?? OWN),
        }),
  ];
}

function findRunning({ agent, applied }: DriftQuery, { sessions }: FleetFacts): (Drift | undefined)[] {
  const { status, session } = sessions.get(identityOf(agent.runtime, agent.name)) ?? NOTHING_KNOWN;
  const isLive = status === "live" && session !== undefined;
  const isForeign = isLive && session.launch === undefined;
  return [
    differs("model-differs", agent.modelHint ?? NONE, {
      applied: applied && (applied.modelHint ?? NONE),
      running: isLive && session.launch !== undefined ? (session.launch.model ?? NONE) : undefined,
    }),
    isForeign
      ? drift(
          "foreign-server",
          `the server that answers (pid ${session.serverPid}) was not launched from this root: iapeer doctor`,
        )
      : undefined,
  ];
}

function findUnits({ agent }: DriftQuery, { units }: FleetFacts): (Drift | undefined)[] {
  const state = units.unitOf(agent.name);
  if (agent.remote !== undefined)
    return [
      state === "enabled" ? drift("unit-unwanted", "its unit would start it here at boot, and it is of another host") : undefined,
    ];
  if (agent.isPersistent) {
    const why = state === "disabled" ? "its unit is not enabled" : "it has no unit";
    return [
      units.isInstalled && state !== "enabled"
        ? drift("unit-missing", `it is persistent, and ${why}: iapeer fleet install`)
        : undefined,
    ];
  }
  return [
    state === "enabled"
      ? drift("unit-unwanted", "its unit would start it at boot, and the file does not say persistent_persona")
      : undefined,
  ];
}
