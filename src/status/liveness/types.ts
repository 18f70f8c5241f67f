import type { Elsewhere } from "../elsewhere.ts";
import type { Incarnation, Running } from "../incarnation/types.ts";

/** `stopped`: asleep because a person stopped it. `unknown`: the probe failed; it is never a guess. */
export type PeerStatus = "live" | "asleep" | "stopped" | "unknown";

/** The statuses of identities at one moment. Pass it on; do not read it again. */
export interface Statuses {
  /** The status of an identity. Each is probed once, when it is first asked for. */
  readonly of: (identity: string) => PeerStatus;
  /** Why its status is unknown; undefined for any other status. */
  readonly whyUnknown: (identity: string) => string | undefined;
}

/** The answer of a socket. `pid` is the process that listens there; 0 when the kernel does not tell. */
export type Probe = { readonly liveness: "live"; readonly pid: number } | { readonly liveness: "dead" | "unknown" };

/**
 * The server of an identity now.
 *
 * - `ours`: the server of its current incarnation answers on its socket.
 * - `unreachable`: that server runs, but its socket is gone, or another process answers there. `elsewhere` tells that it sees another
 *   folder of sockets, so that it cannot be reached from here at all.
 * - `hung`: that server runs, and accepts no more connections.
 * - `other`: a server answers on the identity's own socket, and the saved state does not know it.
 * - `gone`: nothing answers, and the last incarnation has ended.
 * - `elsewhere`: the session was launched where its processes cannot be seen from here, and may go on there.
 * - `unknown`: the state cannot be told.
 */
export type ServerState =
  | { readonly kind: "ours" | "hung"; readonly incarnation: Running }
  | { readonly kind: "unreachable"; readonly incarnation: Running; readonly elsewhere?: Elsewhere }
  | { readonly kind: "elsewhere"; readonly incarnation: Incarnation | undefined; readonly elsewhere: Elsewhere }
  | { readonly kind: "other"; readonly incarnation: Incarnation | undefined; readonly pid: number }
  | { readonly kind: "gone"; readonly incarnation: Incarnation | undefined }
  | { readonly kind: "unknown" };
