import type { FleetFacts, SessionFacts } from "./facts.ts";
import type { Health } from "./types.ts";

/** The health of an agent of this host. */
export function judgeHealth(
  { status, heartbeatAgeSecs, session }: SessionFacts,
  { now, withinSecs }: Pick<FleetFacts, "now" | "withinSecs">,
): Health {
  if (status === "unknown") return "unknown";
  if (status !== "live") return "down";
  const launch = session?.launch;
  if (launch === undefined || !launch.isAgentRunning || heartbeatAgeSecs === undefined || heartbeatAgeSecs > withinSecs)
    return "silent";
  const livedSecs = (now.getTime() - Date.parse(launch.launchedAt)) / 1000;
  // A heartbeat from before the launch is of another session. A clock that was set back since tells nothing.
  return livedSecs >= 0 && heartbeatAgeSecs > livedSecs ? "silent" : "healthy";
}
