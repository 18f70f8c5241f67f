import type { Agent, AppliedFleet } from "../../model/agent.ts";
import { readApplied } from "../../fleet/applied.ts";
import type { Recipient } from "../../launch/send/types.ts";
import { IapeerError } from "../../model/errors.ts";
import { chooseIdentity } from "../choose.ts";
import { readRegistry } from "../../registry/registry.ts";
import type { App } from "../types.ts";
import type { AskedRecipient } from "./types.ts";
import { namedSocketPath } from "../../core/socket-path.ts";

/**
 * The recipient of a message: a peer of this host, or an agent of another host in the fleet as it was applied.
 *
 * @param isHandedOn another host hands the message on: it ends here, and is not handed on again
 * @throws IapeerError `peer-ambiguous`: the name is both; `fleet-state-corrupt`; what chooseIdentity throws.
 */
export function chooseRecipient(app: App, asked: AskedRecipient, isHandedOn: boolean): Recipient {
  const { personality: name, runtime, socket, incarnation } = asked;
  const isRegistered = readRegistry(app.layout).find(name) !== undefined;
  const agent = isHandedOn
    ? undefined
    : readFleet(app, isRegistered)?.agents.find((one) => one.name === name && one.remote !== undefined);
  if (agent?.remote === undefined) {
    const path = socket === undefined || socket.startsWith("/") ? socket : namedSocketPath(app.env, socket);
    return { kind: "local", identity: chooseIdentity(app, asked, "send").identity, socket: path, incarnation };
  }
  if (isRegistered) throw ambiguous(agent);
  const { host, ssh } = agent.remote;
  return { kind: "remote", name, host, ssh, socket: socket ?? agent.remote.socket, runtime, incarnation };
}

/** A message to a peer of this host goes its way although the fleet cannot be read. */
function readFleet({ layout, tell }: App, isRegistered: boolean): AppliedFleet | undefined {
  try {
    return readApplied(layout);
  } catch (error) {
    if (!isRegistered || !(error instanceof IapeerError)) throw error;
    tell.warn(error.message);
    return undefined;
  }
}

function ambiguous({ name, remote }: Agent): IapeerError {
  return new IapeerError("peer-ambiguous", `${name} is a peer of this host, and in the fleet an agent of ${remote!.host}`, {
    hint: `give one of them another name, in the fleet file or here: iapeer remove ${name}`,
    details: { personality: name, host: remote!.host },
  });
}
