import { logDecision } from "../core/host.ts";
import { readApplied } from "../fleet/applied.ts";
import type { Sender } from "../launch/sender.ts";
import { type Act, allowedTo, mayAct, type Standing } from "../model/authority.ts";
import { IapeerError } from "../model/errors.ts";
import { identityOf } from "../model/names.ts";
import { readRegistry } from "../registry/registry.ts";
import type { Peer } from "../registry/types.ts";
import type { App } from "./types.ts";

/**
 * Refuses an act that its caller may not do, before anything of it is done. The refusal is in lifecycle.log.
 *
 * @param target the personality that the act is about; left out where it is about no single peer
 * @throws IapeerError `not-authorized`, which names who may.
 */
export function authorize(app: App, act: Act, target?: string): void {
  const caller = app.caller();
  const standings = standingsOf(app, caller, target);
  if (mayAct(act, standings)) return;
  logDecision(app, { ev: "not-authorized", act, ...(target !== undefined && { personality: target }) });
  throw notAuthorized(act, { caller, by: app.by(), target, standings });
}

/** The ways in which the caller stands to a target. Data that cannot be read gives an agent nothing, and takes nothing from a person. */
function standingsOf(app: App, caller: Sender, target: string | undefined): ReadonlySet<Standing> {
  if (caller.kind === "person") return new Set(["person"]);
  const { name, identity } = caller;
  const peer = findCaller(app, name);
  const standings = new Set<Standing>();
  // Behind a chat there is a person.
  if (peer?.intelligence === "natural") standings.add("person");
  else if (isOrchestrator(app, identity)) standings.add("orchestrator");
  if (peer?.isManager) standings.add("manager");
  if (target === name) standings.add("itself");
  if (standings.size === 0) standings.add("agent");
  return standings;
}

function findCaller({ layout }: App, personality: string): Peer | undefined {
  return readOrNothing(() => readRegistry(layout).find(personality));
}

/** True for an orchestrator of the applied fleet that runs on this host, in the runtime that it has there. */
function isOrchestrator({ layout }: App, identity: string): boolean {
  const agents = readOrNothing(() => readApplied(layout))?.agents ?? [];
  return agents.some(
    ({ class: its, remote, runtime, name }) =>
      its === "orchestrator" && remote === undefined && identityOf(runtime, name) === identity,
  );
}

function readOrNothing<T>(read: () => T | undefined): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof IapeerError) return undefined;
    throw error;
  }
}

const WHO: Readonly<Partial<Record<Standing, string>>> = {
  person: "a person",
  orchestrator: "the fleet's orchestrator",
  manager: "a manager",
  itself: "an agent itself",
};

/** The acts that an agent may mean when it wants to end itself. */
const ENDS: ReadonlySet<Act> = new Set(["stop", "remove", "fleet remove", "send --directive"]);

interface Refusal {
  readonly caller: Sender;
  readonly by: string;
  readonly target: string | undefined;
  readonly standings: ReadonlySet<Standing>;
}

function notAuthorized(act: Act, { caller, by, target, standings }: Refusal): IapeerError {
  const isItself = standings.has("itself");
  const allowed = allowedTo(act).filter((one) => WHO[one] !== undefined && !standings.has(one));
  const words = allowed.map((one) => WHO[one]!);
  const who = words.length === 1 ? words[0]! : `${words.slice(0, -1).join(", ")} or ${words.at(-1)!}`;
  const whom = target === undefined ? "" : isItself ? " itself" : ` ${target}`;
  return new IapeerError("not-authorized", `${caller.name} may not "${act}"${whom}: only ${who} may`, {
    ...(isItself && ENDS.has(act) && { hint: "an agent ends itself with: iapeer retire" }),
    details: { act, by, ...(target !== undefined && { personality: target }), allowed },
  });
}
