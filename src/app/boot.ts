import { existsSync } from "node:fs";
import { join } from "node:path";
import { IapeerError } from "../model/errors.ts";
import { logDecision } from "../core/host.ts";
import { homeFrom } from "../core/layout.ts";
import { serviceEnvironment } from "../core/service/environment.ts";
import type { ServicePlace } from "../core/service/place.ts";
import { readApplied } from "../fleet/applied.ts";
import { installBootUnits, readBootUnits, removeBootUnits, syncBootUnits } from "../boot/boot.ts";
import type { Boot, BootAgent, BootRow } from "../boot/types.ts";
import { readRegistry } from "../registry/registry.ts";
import type { AppliedFleet } from "../model/agent.ts";
import type { Registry } from "../registry/types.ts";
import type { App } from "./types.ts";
import { findProgram } from "../launch/runtime/runtime.ts";

/** The service manager of an account, and where its files are. */
export function servicePlace({ env }: Pick<App, "env">): ServicePlace {
  return { home: homeFrom(env), env };
}

/**
 * Opens what changes units. The program and the environment are those that `fleet install` wrote down, so that a unit does not depend
 * on which call made it. Where it was not run, or its program is gone, they are those of this call.
 */
export function openBoot(app: App, signal?: AbortSignal): Boot {
  const { installed } = readBootUnits(servicePlace(app));
  const boot = freshBoot(app, signal);
  const hasProgram = installed?.program?.every((path) => existsSync(path)) === true;
  return {
    ...boot,
    ...(hasProgram && { program: installed.program }),
    ...(installed?.environment !== undefined && { environment: installed.environment }),
  };
}

/** The same with the program and the environment of this call, as `fleet install` writes them down. */
export function freshBoot(app: App, signal?: AbortSignal): Boot {
  const { env, layout, self, tell } = app;
  return {
    program: self,
    environment: serviceEnvironment(env, layout),
    root: layout.root,
    place: servicePlace(app),
    warn: tell.warn,
    note: ({ unit, op }) => logDecision(app, { ev: "boot-unit", unit, op }),
    signal,
  };
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
  return {
    agents: persistent.filter((agent) => canStart(agent, registry)).map(({ name, runtime }) => ({ name, runtime })),
    unregistered: persistent.filter((agent) => !canStart(agent, registry)).map(({ name }) => name),
    isApplied: applied !== undefined,
  };
}

/** Returns true for an agent whose peer has its runtime, and is not being removed. */
function canStart({ name, runtime }: BootAgent, { find }: Pick<Registry, "find">): boolean {
  const peer = find(name);
  return peer !== undefined && !peer.isBeingRemoved && peer.runtimes.includes(runtime);
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
 * Brings the units of agents in step with the agents that start at boot; each change is in lifecycle.log.
 *
 * @param registry the registry as it is at each call
 * @throws IapeerError what syncBootUnits and readRegistry throw.
 */
export async function syncBoot({ agents }: BootAgents, boot: Boot, registry: () => Registry): Promise<BootRow[]> {
  return [...(await syncBootUnits(agents, boot)), ...(await removeLeft(agents, boot, registry))];
}

/** The same with the units that agents share; see installBootUnits. */
export async function installBoot({ agents }: BootAgents, boot: Boot, registry: () => Registry): Promise<BootRow[]> {
  return [...(await installBootUnits(agents, boot)), ...(await removeLeft(agents, boot, registry))];
}

/** A peer that is removed meanwhile has taken its unit away before it was written: that unit goes again. */
async function removeLeft(agents: readonly BootAgent[], boot: Boot, registry: () => Registry): Promise<BootRow[]> {
  const now = registry();
  return await removeBootUnits(
    agents.filter((agent) => !canStart(agent, now)).map(({ name }) => name),
    boot,
  );
}

/** The user whose services these are, as loginctl takes it: by number, since an account may have no name here. */
export function userOfServices(): string {
  return String(process.geteuid!());
}
