import type { Layout } from "../core/paths.ts";
import { isRunning } from "../core/processes.ts";
import { socketPathOf } from "../core/paths.ts";
import { type Incarnation, readCurrent } from "./incarnation.ts";
import { probeSocket } from "./liveness.ts";

/**
 * What stands behind an identity now.
 *
 * `ours`: the server of its current incarnation answers on its socket. `other`: somebody answers there whom the saved state does
 * not know. `unreachable`: the server of its incarnation runs, but its socket is gone or another's. `gone`: nothing answers, and the
 * last incarnation's server is no more. `unknown`: it cannot be told.
 */
export type ServerState =
  | { readonly kind: "ours"; readonly incarnation: Incarnation & { readonly server: NonNullable<Incarnation["server"]> } }
  | { readonly kind: "other"; readonly incarnation: Incarnation | undefined; readonly pid: number }
  | { readonly kind: "unreachable"; readonly incarnation: Incarnation & { readonly server: NonNullable<Incarnation["server"]> } }
  | { readonly kind: "gone"; readonly incarnation: Incarnation | undefined }
  | { readonly kind: "unknown" };

/** Looks with one connect(2) and a look at one process; nothing is started. */
export function observeServer(layout: Layout, identity: string): ServerState {
  const probe = probeSocket(socketPathOf(layout, identity));
  const incarnation = readCurrent(layout, identity);
  const server = incarnation?.server ?? undefined;
  const isAlive = server !== undefined && isRunning(server);
  if (probe.liveness === "unknown") return { kind: "unknown" };
  if (probe.liveness === "live") {
    if (isAlive && probe.pid === server.pid) return { kind: "ours", incarnation: { ...incarnation!, server } };
    return { kind: "other", incarnation, pid: probe.pid };
  }
  return isAlive ? { kind: "unreachable", incarnation: { ...incarnation!, server } } : { kind: "gone", incarnation };
}
