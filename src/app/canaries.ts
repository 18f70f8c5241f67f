import type { Layout } from "../core/layout.ts";
import type { CanaryState } from "../launch/canary/types.ts";
import { FOREIGN, readCanaryState } from "../launch/canary/canary.ts";
import { incarnationPaths } from "../status/incarnation/incarnation.ts";
import { listSocketIdentities, observeServer } from "../status/liveness/liveness.ts";
import { registeredIdentities } from "./sessions.ts";

/** One live server as `canary status --json` has it (contract 8). */
export interface CanaryRow extends CanaryState {
  readonly identity: string;
  readonly server_pid: number | null;
}

/** Every live server of this root with its canary: those of registered peers, and what else answers in the socket folder. */
export function readCanaries(layout: Layout, registered: readonly string[] = registeredIdentities(layout)): CanaryRow[] {
  const identities = new Set([...registered, ...listSocketIdentities(layout.socketFolder)]);
  return [...identities].map((identity) => readCanary(layout, identity)).filter((row) => row !== undefined);
}

function readCanary(layout: Layout, identity: string): CanaryRow | undefined {
  const state = observeServer(layout, identity);
  const none = { armed: false, witness: null, recorder_pid: null, since: null } as const;
  switch (state.kind) {
    case "gone":
      return undefined;
    case "unknown":
      return { identity, server_pid: null, ...none, reason: "whether it lives cannot be told" };
    case "other":
      return { identity, server_pid: state.pid, ...none, reason: FOREIGN };
    case "ours":
    case "unreachable":
    case "hung": {
      const paths = incarnationPaths(layout, identity, state.incarnation.incarnation);
      return { identity, server_pid: state.incarnation.server.pid, ...readCanaryState(paths) };
    }
  }
}
