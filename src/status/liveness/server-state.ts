import { dirname } from "node:path";
import { type Layout, socketPathOf } from "../../core/layout.ts";
import type { ProcessId } from "../../core/process/process-table.ts";
import { whyNotSocketFolder } from "../../core/disk/socket-folder.ts";
import { type Incarnation, isLiving, readCurrent } from "../incarnation/incarnation.ts";
import { type Probe, probeSocket } from "./probe.ts";

/** An incarnation whose server was started. */
export type Running = Incarnation & { readonly server: ProcessId };

/**
 * What stands behind an identity now.
 *
 * `ours`: the server of its current incarnation answers on its socket. `unreachable`: that server runs, but its socket is gone, or
 * somebody else answers there. `hung`: it runs, and takes no more connections. `other`: somebody answers on the identity's own socket of
 * whom the saved state knows nothing. `gone`: nothing answers, and the last incarnation is no more: its server, or on one that it
 * shares its agent. `unknown`: it cannot be told.
 */
export type ServerState =
  | { readonly kind: "ours" | "unreachable" | "hung"; readonly incarnation: Running }
  | { readonly kind: "other"; readonly incarnation: Incarnation | undefined; readonly pid: number }
  | { readonly kind: "gone"; readonly incarnation: Incarnation | undefined }
  | { readonly kind: "unknown" };

/** Looks with one connect(2) and a look at one process or two; nothing is started. */
export function observeServer(layout: Layout, identity: string): ServerState {
  const incarnation = readCurrent(layout, identity);
  if (incarnation !== undefined && isLiving(layout, incarnation)) return observeRunning(incarnation as Running);
  const probe = probeInFolder(socketPathOf(layout, identity));
  if (probe.liveness === "live") return { kind: "other", incarnation, pid: probe.pid };
  return probe.liveness === "dead" ? { kind: "gone", incarnation } : { kind: "unknown" };
}

function observeRunning(incarnation: Running): ServerState {
  if (whyNotSocketFolder(dirname(incarnation.socket)) !== undefined) return { kind: "unknown" };
  const probe = probeSocket(incarnation.socket);
  if (probe.liveness === "unknown") return { kind: "hung", incarnation };
  return { kind: isFrom(incarnation, probe) ? "ours" : "unreachable", incarnation };
}

/** Whether the very server of an incarnation takes connections on its socket, in a folder that can be trusted. */
export function answers(incarnation: Running): boolean {
  return isFrom(incarnation, probeInFolder(incarnation.socket));
}

function isFrom({ server }: Running, probe: Probe): boolean {
  return probe.liveness === "live" && probe.pid === server.pid;
}

function probeInFolder(socket: string): Probe {
  return whyNotSocketFolder(dirname(socket)) === undefined ? probeSocket(socket) : { liveness: "unknown" };
}
