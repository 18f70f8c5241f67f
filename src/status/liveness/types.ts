import type { Incarnation, Running } from "../incarnation/types.ts";

/** `stopped`: asleep because a person stopped it. `unknown`: the probe failed; it is never a guess. */
export type PeerStatus = "live" | "asleep" | "stopped" | "unknown";

/** The statuses of identities at one moment. Pass it on; do not read it again. */
export interface Statuses {
  /** The status of an identity. Each is probed once, when it is first asked for. */
  readonly of: (identity: string) => PeerStatus;
}

/** The answer of a socket. `pid` is the process that listens there; 0 when the kernel does not tell. */
export type Probe = { readonly liveness: "live"; readonly pid: number } | { readonly liveness: "dead" | "unknown" };

/**
 * The server of an identity now.
 *
 * - `ours`: the server of its current incarnation answers on its socket.
 * - `unreachable`: that server runs, but its socket is gone, or another process answers there.
 * - `hung`: that server runs, and accepts no more connections.
 * - `other`: a server answers on the identity's own socket, and the saved state does not know it.
 * - `gone`: nothing answers, and the last incarnation has ended.
 * - `unknown`: the state cannot be told.
 */
export type ServerState =
  | { readonly kind: "ours" | "unreachable" | "hung"; readonly incarnation: Running }
  | { readonly kind: "other"; readonly incarnation: Incarnation | undefined; readonly pid: number }
  | { readonly kind: "gone"; readonly incarnation: Incarnation | undefined }
  | { readonly kind: "unknown" };
