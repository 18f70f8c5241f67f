import { identityOf } from "../model/names.ts";
import { tame } from "../model/characters.ts";
import type { PeerJson } from "../app/peer-json.ts";
import type { PeerStatus } from "../status/liveness/types.ts";
import type { Colors } from "./colors.ts";

const STATUS_PAINT = {
  live: "green",
  asleep: "dim",
  stopped: "dim",
  unknown: "yellow",
} as const satisfies Record<PeerStatus, keyof Colors>;

/** "claude live, codex asleep" */
export function renderRuntimes({ runtimes }: Pick<PeerJson, "runtimes">, colors: Colors): string {
  return runtimes.map(({ runtime, status }) => `${runtime} ${colors[STATUS_PAINT[status]](status)}`).join(", ");
}

/** A line for each runtime whose status is unknown, with the reason. */
export function renderUnknown({ personality, runtimes }: Pick<PeerJson, "personality" | "runtimes">): string[] {
  return runtimes.flatMap(({ runtime, reason }) =>
    reason === undefined ? [] : [`${identityOf(runtime, personality)} is unknown: ${tame(reason)}`],
  );
}
