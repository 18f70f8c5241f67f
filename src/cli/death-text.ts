import { describeIncident } from "../status/deaths/deaths.ts";
import type { Death, Verdict } from "../status/deaths/types.ts";
import { signalName } from "../core/process/signal-name.ts";
import type { Colors } from "./colors.ts";
import { renderDuration } from "./duration.ts";

/** Names what ended. */
export function describeEnd({ ev }: Death): string {
  return ev === "session-exit" ? "its session ended" : "its server died";
}

/** Says how it ended: "exit 7" or "signal KILL", else what the watcher saw, else nothing. */
export function describeHow({ dead_status, dead_signal, signal, cause }: Death): string {
  const known = dead_signal ?? signal;
  if (known !== undefined) return `signal ${signalName(known)}`;
  return dead_status === undefined ? (cause ?? "") : `exit ${dead_status}`;
}

const VERDICT_PAINT = {
  "oom-kill": "red",
  killed: "yellow",
  crashed: "red",
  failed: "red",
  "orderly-exit": "dim",
  "host-restart": "yellow",
  unknown: "dim",
} as const satisfies Record<Verdict, keyof Colors>;

export function renderVerdict(verdict: Verdict, colors: Colors): string {
  return colors[VERDICT_PAINT[verdict]](verdict);
}

/** "3 servers died together within 4 s: likely oom-kill: memory ran out" */
export function renderIncident(deaths: readonly Death[]): string {
  const { count, from, to, reason } = describeIncident(deaths);
  const secs = Math.max(1, Math.ceil((Date.parse(to) - Date.parse(from)) / 1000));
  // The time of an unwitnessed end is the time when supervise found the server gone.
  const what = deaths.every(({ cause }) => cause === "unwitnessed") ? "were found gone" : "died together";
  return `${count} servers ${what} within ${renderDuration(secs)}: ${reason}`;
}
