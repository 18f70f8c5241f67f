import { readdirSync } from "node:fs";
import { identityOf } from "../core/names.ts";
import { type Layout, socketPath } from "../core/paths.ts";
import { listSockets, probeSocket } from "./liveness.ts";

/** `stopped` is asleep by a person's wish; `unknown` is a probe that failed, never a guess. */
export type PeerStatus = "live" | "asleep" | "stopped" | "unknown";

/** Tells the status of identities, from one look at the folders and a connect(2) for each socket that is there. */
export interface StatusReader {
  statusOf(runtime: string, personality: string): PeerStatus;
}

export function readStatuses(layout: Layout): StatusReader {
  const sockets = listSockets(layout.socketFolder);
  const stopMarks = listStopMarks(layout.stateFolder);
  return {
    statusOf: (runtime, personality) => {
      if (sockets === undefined) return "unknown";
      const resting = stopMarks.has(stopMarkName(runtime, personality)) ? "stopped" : "asleep";
      if (!sockets.has(`tmux-iap-${identityOf(runtime, personality)}.sock`)) return resting;
      const liveness = probeSocket(socketPath(layout, runtime, personality));
      return liveness === "dead" ? resting : liveness;
    },
  };
}

/** The file in the state folder that says: a person stopped this identity. */
export function stopMarkName(runtime: string, personality: string): string {
  return `${identityOf(runtime, personality)}.stopped`;
}

function listStopMarks(stateFolder: string): ReadonlySet<string> {
  try {
    return new Set(readdirSync(stateFolder).filter((name) => name.endsWith(".stopped")));
  } catch {
    // No state was ever kept, or it cannot be read: then nothing says "stopped".
    return new Set();
  }
}
