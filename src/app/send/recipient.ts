import type { Agent, AppliedFleet } from "../../model/agent.ts";
import { IapeerError } from "../../model/errors.ts";
import { identityOf, isSocketPlace, parsePersonality, parseRuntime } from "../../model/names.ts";
import { namedSocketPath } from "../../core/tmux.ts";
import { readApplied } from "../../fleet/applied.ts";
import type { Recipient } from "../../launch/send/types.ts";
import { readRegistry } from "../../registry/registry.ts";
import { usage } from "../../cli/strict.ts";
import type { Context } from "../app.ts";
import { chooseIdentity } from "../../cli/identity-option.ts";
import type { Verb } from "../../cli/verb.ts";

/** What a person typed. */
export interface TypedRecipient {
  readonly personality: string;
  readonly runtime?: string | undefined;
  /** Which tmux server the session is to be on. */
  readonly socket?: string | undefined;
  /** Another host hands the message on: it ends here, and is not handed on again. */
  readonly isHandedOn: boolean;
}

/**
 * Whom a message is for: a peer of this host, or an agent of another host in the fleet as it was applied.
 *
 * @throws IapeerError `peer-ambiguous`: the name is both; what chooseIdentity does; `usage`: not a socket; `fleet-state-corrupt`.
 */
export function chooseRecipient(verb: Verb, typed: TypedRecipient, context: Context): Recipient {
  const { layout, env } = context;
  const name = parsePersonality(typed.personality);
  const isRegistered = readRegistry(layout).find(name) !== undefined;
  const agent = typed.isHandedOn
    ? undefined
    : readFleet(isRegistered, context)?.agents.find((one) => one.name === name && one.remote !== undefined);
  if (agent?.remote === undefined) {
    const socket = typed.socket === undefined ? undefined : parseSocket(verb, typed.socket);
    const path = socket === undefined || socket.startsWith("/") ? socket : namedSocketPath(env, socket);
    return { kind: "local", identity: chooseIdentity(verb, typed, context).identity, socket: path };
  }
  if (isRegistered) throw ambiguous(agent);
  const runtime = typed.runtime === undefined ? undefined : parseRuntime(typed.runtime);
  const socket = typed.socket === undefined ? agent.remote.socket : parseSocket(verb, typed.socket);
  return { kind: "remote", name, host: agent.remote.host, ssh: agent.remote.ssh, socket, runtime };
}

/** A message to a peer of this host does not wait for a fleet that cannot be read. */
function readFleet(isRegistered: boolean, { layout, output }: Context): AppliedFleet | undefined {
  try {
    return readApplied(layout);
  } catch (error) {
    if (!isRegistered || !(error instanceof IapeerError)) throw error;
    output.warn(error.message);
    return undefined;
  }
}

/** The orchestrators of the applied fleet that run on this host, by their identities. */
export function readOrchestrators({ layout }: Context): string[] {
  const agents = readApplied(layout)?.agents ?? [];
  return agents
    .filter((one) => one.class === "orchestrator" && one.remote === undefined)
    .map(({ runtime, name }) => identityOf(runtime, name));
}

function parseSocket(verb: Verb, text: string): string {
  if (isSocketPlace(text)) return text;
  throw usage(verb, `--socket takes a name, as tmux -L does, or an absolute path, not ${JSON.stringify(text)}`);
}

function ambiguous({ name, remote }: Agent): IapeerError {
  return new IapeerError("peer-ambiguous", `${name} is a peer of this host, and in the fleet an agent of ${remote!.host}`, {
    hint: `give one of them another name, in the fleet file or here: iapeer remove ${name}`,
    details: { personality: name, host: remote!.host },
  });
}
