import { existsSync } from "node:fs";
import { join } from "node:path";
import { IapeerError } from "../model/errors.ts";
import { logDecision } from "../core/host.ts";
import { homeFrom } from "../core/layout.ts";
import { serviceEnvironment } from "../core/service/environment.ts";
import type { Service, ServicePlace } from "../core/service/place.ts";
import { readApplied } from "../fleet/applied.ts";
import type { BootRow } from "../boot/plan.ts";
import { type Boot, type SharedUnit, syncBootUnits, takeBootUnits } from "../boot/boot.ts";
import type { BootAgent } from "../boot/agent-unit.ts";
import { readService } from "../boot/state.ts";
import { readRegistry } from "../registry/registry.ts";
import type { AppliedFleet } from "../model/agent.ts";
import type { Registry } from "../registry/types.ts";
import type { App } from "./types.ts";
import { findProgram } from "../launch/runtime/runtime.ts";

type BootApp = Pick<App, "env" | "layout" | "self" | "tell">;

/** Whose service manager, and where its files are. */
export function servicePlace({ env }: Pick<App, "env">): ServicePlace {
  return { home: homeFrom(env), env };
}

/**
 * What units are made with from now on: the program and the environment are those that `fleet install` wrote down, so that a unit does not
 * depend on who applied; where it was not done, or its program is gone, those of this call.
 */
export function openBoot(app: BootApp): Boot {
  const found = readService("fleet", servicePlace(app));
  const installed = found?.isOf(app.layout.root) === true ? found.mark : undefined;
  const program = installed?.program?.every((path) => existsSync(path)) === true ? installed.program : app.self;
  return bootWith({ program, environment: installed?.environment ?? serviceEnvironment(app.env, app.layout) }, app);
}

/** The same with the program and the environment of this call, as `fleet install` writes them down. */
export function freshBoot(app: BootApp): Boot {
  return bootWith({ program: app.self, environment: serviceEnvironment(app.env, app.layout) }, app);
}

function bootWith(made: Pick<Boot, "program" | "environment">, app: BootApp): Boot {
  const { layout, tell } = app;
  return { ...made, root: layout.root, place: servicePlace(app), warn: tell.warn };
}

/** The agents that are to start at boot. */
export interface BootAgents {
  /** The persistent agents of this host that can start: as they were applied, in the fleet's order. */
  readonly agents: readonly BootAgent[];
  /** Persistent agents that cannot start, since there is no such peer with that runtime: they get no unit. */
  readonly unregistered: readonly string[];
  /** False: no fleet was ever applied here. */
  readonly isApplied: boolean;
}

/** Throws `fleet-state-corrupt`, `registry-corrupt` and the like. */
export function readBootAgents({ layout }: Pick<App, "layout">): BootAgents {
  return chooseBootAgents({ applied: readApplied(layout), registry: readRegistry(layout) });
}

/** Chooses the agents of an applied fleet that are to start at boot. */
export function chooseBootAgents({
  applied,
  registry,
}: {
  readonly applied: AppliedFleet | undefined;
  readonly registry: Pick<Registry, "find">;
}): BootAgents {
  const persistent = (applied?.agents ?? []).filter(({ isPersistent, remote }) => isPersistent && remote === undefined);
  const canStart = ({ name, runtime }: BootAgent) => {
    const peer = registry.find(name);
    return peer !== undefined && !peer.isBeingRemoved && peer.runtimes.includes(runtime);
  };
  return {
    agents: persistent.filter(canStart).map(({ name, runtime }) => ({ name, runtime })),
    unregistered: persistent.filter((agent) => !canStart(agent)).map(({ name }) => name),
    isApplied: applied !== undefined,
  };
}

/** An agent that has a unit, whose program is not found in the environment of that unit. */
export interface Unstartable {
  readonly name: string;
  readonly why: string;
  /** The next thing to do. */
  readonly hint: string | undefined;
}

/** Looks for each agent's program as its unit would: at boot there is no variable that only the caller's shell has. */
export function findUnstartable({ agents }: BootAgents, { environment }: Boot, { layout }: Pick<App, "layout">): Unstartable[] {
  const folders = new Map(readRegistry(layout).peers.map(({ personality, cwd }) => [personality, cwd]));
  return agents.flatMap(({ name, runtime }) => {
    const cwd = folders.get(name);
    if (cwd === undefined) return [];
    try {
      findProgram({ cwd, runtime }, { env: environment, layout });
      return [];
    } catch (error) {
      if (!(error instanceof IapeerError)) throw error;
      const launchEnv = join(cwd, ".iapeer", "runtimes", runtime, "launch.env");
      const isProgram = error.code === "program-not-found" || error.code === "program-not-executable";
      return [
        {
          name,
          why: error.message,
          hint: isProgram ? `put the path of its program into its launch.env: ${launchEnv}` : error.hint,
        },
      ];
    }
  });
}

/**
 * Brings the units in step with who is to start at boot, and notes in lifecycle.log what changed. A peer that is removed meanwhile, which
 * nothing here keeps a person from, has taken its unit away before it is written here: that one goes again.
 *
 * @throws IapeerError what syncBootUnits and readBootAgents throw.
 */
export function syncBoot({ agents }: BootAgents, shared: readonly SharedUnit[], boot: Boot, app: App): BootRow[] {
  const rows = syncBootUnits({ agents, shared }, boot);
  noteBootRows(rows, app);
  const still = new Set(readBootAgents(app).agents.map(({ name }) => name));
  return [
    ...rows,
    ...takeFromBoot(
      agents.filter(({ name }) => !still.has(name)).map(({ name }) => ({ agent: name })),
      boot,
      app,
    ),
  ];
}

/** Has services start at boot no more, and notes in lifecycle.log which did; a row for each that was there. */
export function takeFromBoot(services: readonly Service[], boot: Boot, app: App): BootRow[] {
  const rows = takeBootUnits(services, boot);
  noteBootRows(rows, app);
  return rows;
}

function noteBootRows(rows: readonly BootRow[], app: App): void {
  for (const { unit, op } of rows) if (op !== "unchanged") logDecision(app, { ev: "boot-unit", unit, op });
}

/** The user whose services these are, as loginctl takes it: by number, since an account may have no name here. */
export function userOfServices(): string {
  return String(process.geteuid!());
}
