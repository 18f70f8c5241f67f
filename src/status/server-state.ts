import { type Layout, socketPathOf } from "../core/paths.ts";
import type { ProcessId } from "../core/process-table.ts";
import { whyNotSocketFolder } from "../core/socket-folder.ts";
import { type Incarnation, isServerRunning, readCurrent } from "./incarnation.ts";
import { probeSocket } from "./liveness.ts";

/** An incarnation whose server was started. */
export type Running = Incarnation & { readonly server: ProcessId };

/**
 * What stands behind an identity now.
 *
 * `ours`: the server of its current incarnation answers on its socket. `unreachable`: that server runs, but its socket is gone, or
 * somebody else answers there. `hung`: it runs, and takes no more connections. `other`: somebody answers of whom the saved state knows
 * nothing. `gone`: nothing answers, and the last incarnation's server is no more. `unknown`: it cannot be told.
 */
export type ServerState =
  | { readonly kind: "ours" | "unreachable" | "hung"; readonly incarnation: Running }
  | { readonly kind: "other"; readonly incarnation: Incarnation | undefined; readonly pid: number }
  | { readonly kind: "gone"; readonly incarnation: Incarnation | undefined }
  | { readonly kind: "unknown" };

/** Looks with one connect(2) and a look at one process; nothing is started. */
export function observeServer(layout: Layout, identity: string): ServerState {
  if (whyNotSocketFolder(layout.socketFolder) !== undefined) return { kind: "unknown" };
  const probe = probeSocket(socketPathOf(layout, identity));
  const incarnation = readCurrent(layout, identity);
  if (incarnation !== undefined && isServerRunning(incarnation)) {
    const running = incarnation as Running;
    if (probe.liveness === "unknown") return { kind: "hung", incarnation: running };
    const isOurs = probe.liveness === "live" && probe.pid === running.server.pid;
    return { kind: isOurs ? "ours" : "unreachable", incarnation: running };
  }
  if (probe.liveness === "live") return { kind: "other", incarnation, pid: probe.pid };
  return probe.liveness === "dead" ? { kind: "gone", incarnation } : { kind: "unknown" };
}
