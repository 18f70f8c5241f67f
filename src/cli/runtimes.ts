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
