import { homeFrom } from "../core/paths.ts";
import { type ServiceEnvironment, serviceEnvironment } from "../core/service/environment.ts";
import type { ServicePlace } from "../core/service/place.ts";
import { readApplied } from "../fleet/applied.ts";
import type { Boot } from "../fleet/boot/sync.ts";
import type { BootAgent } from "../fleet/boot/units.ts";
import { peersOf } from "../registry/schema.ts";
import { readRegistry } from "../registry/store.ts";
import { readService } from "../status/boot-units.ts";
import type { Context } from "./context.ts";

type BootContext = Pick<Context, "env" | "layout" | "self" | "output">;

/** Whose service manager, and where its files are. */
export function servicePlace({ env }: Pick<Context, "env">): ServicePlace {
  return { home: homeFrom(env), env };
}

/**
 * What units are made with from now on: the environment is the one that `fleet install` wrote down, so that a unit does not depend on
 * who applied; where it was not done, that of this call.
 */
export function openBoot(context: BootContext): Boot {
  const found = readService("fleet", servicePlace(context));
  const installed = found?.isOf(context.layout.root) === true ? found.mark?.environment : undefined;
  return bootWith(installed ?? serviceEnvironment(context.env, context.layout), context);
}

/** The same with the environment of this call, as `fleet install` writes it down. */
export function freshBoot(context: BootContext): Boot {
  return bootWith(serviceEnvironment(context.env, context.layout), context);
}

function bootWith(environment: ServiceEnvironment, context: BootContext): Boot {
  const { self, layout, output } = context;
  return { program: self, root: layout.root, environment, place: servicePlace(context), warn: output.warn };
}

/** Who is to start at boot. */
export interface BootAgents {
  /** The persistent agents of this host that can start: as they were applied, in the fleet's order. */
  readonly agents: readonly BootAgent[];
  /** Those that cannot, since there is no such peer, or not with that runtime: they get no unit. */
  readonly unregistered: readonly string[];
  /** Whether a fleet was ever applied here. */
  readonly isApplied: boolean;
}

/** Throws `fleet-state-corrupt`, `registry-corrupt` and the like. */
export function readBootAgents({ layout }: Pick<Context, "layout">): BootAgents {
  const applied = readApplied(layout);
  const persistent = (applied?.agents ?? []).filter(({ isPersistent, remote }) => isPersistent && remote === undefined);
  const peers = new Map(peersOf(readRegistry(layout)).map((peer) => [peer.personality, peer]));
  const canStart = ({ name, runtime }: BootAgent) => {
    const peer = peers.get(name);
    return peer !== undefined && !peer.isBeingRemoved && peer.runtimes.includes(runtime);
  };
  return {
    agents: persistent.filter(canStart).map(({ name, runtime }) => ({ name, runtime })),
    unregistered: persistent.filter((agent) => !canStart(agent)).map(({ name }) => name),
    isApplied: applied !== undefined,
  };
}

/** The user whose services these are, as loginctl takes it: by number, since an account may have no name here. */
export function userOfServices(): string {
  return String(process.geteuid!());
}
