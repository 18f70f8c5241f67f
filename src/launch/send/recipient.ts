import type { Layout } from "../../core/paths.ts";
import type { ProcessId } from "../../core/process-table.ts";
import { IapeerError } from "../../core/errors.ts";
import type { AgentPane, Incarnation } from "../../status/incarnation.ts";
import { observeServer } from "../../status/server-state.ts";
import { staleIncarnation } from "../stop.ts";
import { notLive } from "../watch.ts";

/** Whom a message is for. A peer of this host, by its identity. */
export type Recipient = { readonly kind: "local"; readonly identity: string };

/** A live session and the agent's own pane in it. */
export type Addressee = Incarnation & { readonly server: ProcessId; readonly pane: AgentPane };

/**
 * The agent's pane of a recipient, as it was saved when it was launched.
 *
 * @throws IapeerError `peer-not-live`, `stale-incarnation`.
 */
export function findAddressee(layout: Layout, { identity }: Recipient): Addressee {
  const state = observeServer(layout, identity);
  if (state.kind === "other") throw staleIncarnation(identity, state.pid);
  if (state.kind !== "ours") throw notLive(identity, state);
  const { pane } = state.incarnation;
  if (pane === null) throw new IapeerError("peer-not-live", `${identity} has no pane that is known to be its agent's`, { hint: "stop it, then launch it with iapeer", details: { identity } });
  return { ...state.incarnation, pane };
}
