import { readdirSync } from "node:fs";
import { identityOf } from "../../model/names.ts";
import { type Layout, socketPathOf } from "../../core/layout.ts";
import { isLiving, readCurrent } from "../incarnation/incarnation.ts";
import { listSockets, probeSocket } from "./probe.ts";
import { answers, type Running } from "./server-state.ts";

/** `stopped` is asleep by a person's wish; `unknown` is a probe that failed, never a guess. */
export type PeerStatus = "live" | "asleep" | "stopped" | "unknown";

/** Tells the status of identities, from one look at the folders and a connect(2) for each socket that is there, or that a session is known by. */
export interface StatusReader {
  statusOf(runtime: string, personality: string): PeerStatus;
}

export function readStatuses(layout: Layout): StatusReader {
  const sockets = listSockets(layout.socketFolder);
  const kept = listKept(layout.stateFolder);
  return {
    statusOf: (runtime, personality) => {
      if (sockets === undefined) return "unknown";
      const identity = identityOf(runtime, personality);
      const probe = sockets.has(`tmux-iap-${identity}.sock`) ? probeSocket(socketPathOf(layout, identity)) : DEAD;
      if (probe.liveness !== "dead") return probe.liveness;
      const elsewhere = kept.has(`${identity}.session`) ? statusOfCurrent(layout, identity) : undefined;
      if (elsewhere !== undefined) return elsewhere;
      return kept.has(stopMarkName(runtime, personality)) ? "stopped" : "asleep";
    },
  };
}

const DEAD = { liveness: "dead" } as const;

/** Of a session that is not on the identity's own socket. A server whose socket was deleted goes on, and nobody can ask it. */
function statusOfCurrent(layout: Layout, identity: string): PeerStatus | undefined {
  const current = readCurrent(layout, identity);
  if (current === undefined || !isLiving(layout, current)) return undefined;
  return answers(current as Running) ? "live" : "unknown";
}

/** The file in the state folder that says: a person stopped this identity. */
export function stopMarkName(runtime: string, personality: string): string {
  return `${identityOf(runtime, personality)}.stopped`;
}

/** What is kept about identities, by name. */
function listKept(stateFolder: string): ReadonlySet<string> {
  try {
    return new Set(readdirSync(stateFolder));
  } catch {
    // No state was ever kept, or it cannot be read: then nothing says "stopped".
    return new Set();
  }
}
