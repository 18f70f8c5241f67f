import { type Layout, resolveLinks } from "../../core/layout.ts";
import type { ProcessId } from "../../core/process/process-table.ts";
import { IapeerError } from "../../model/errors.ts";
import type { AgentPane, Incarnation } from "../../status/incarnation/types.ts";
import { observeServer } from "../../status/liveness/liveness.ts";
import { staleIncarnation } from "../end/end.ts";
import { notLive } from "../canary/arming.ts";

/** A peer of this host. */
export interface LocalRecipient {
  readonly kind: "local";
  readonly identity: string;
  /** The socket that its session must be on; undefined: wherever it is. */
  readonly socket?: string | undefined;
}

/** An agent of another host, as the fleet was applied here. */
export interface RemoteRecipient {
  readonly kind: "remote";
  readonly name: string;
  /** As the fleet calls the host. */
  readonly host: string;
  /** `[user@]host`, as ssh takes it. */
  readonly ssh: string;
  /** Which tmux server of that host it is to be on: a name or an absolute path. */
  readonly socket?: string | undefined;
  readonly runtime?: string | undefined;
}

/** Whom a message is for. */
export type Recipient = LocalRecipient | RemoteRecipient;

/** A live session and the agent's own pane in it. */
export type Addressee = Incarnation & { readonly server: ProcessId; readonly pane: AgentPane };

/**
 * The agent's pane of a recipient, as it was saved when it was launched.
 *
 * @throws IapeerError `peer-not-live` (also: on another socket), `stale-incarnation`.
 */
export function findAddressee(layout: Layout, { identity, socket }: LocalRecipient): Addressee {
  const state = observeServer(layout, identity);
  if (state.kind === "other") throw staleIncarnation(identity, state.pid);
  if (state.kind !== "ours") throw notLive(identity, state);
  if (socket !== undefined && resolveLinks(socket) !== resolveLinks(state.incarnation.socket))
    throw notThere(identity, socket, state.incarnation.socket);
  const { pane } = state.incarnation;
  if (pane === null)
    throw new IapeerError("peer-not-live", `${identity} has no pane that is known to be its agent's`, {
      hint: "stop it, then launch it with iapeer",
      details: { identity },
    });
  return { ...state.incarnation, pane };
}

function notThere(identity: string, socket: string, actual: string): IapeerError {
  return new IapeerError("peer-not-live", `${identity} is live, but not on the socket ${socket}: it is on ${actual}`, {
    hint: "name that one with --socket, or leave it out; in a fleet file it is the agent's socket",
    details: { identity, socket: actual },
  });
}
