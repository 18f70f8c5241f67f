import type { FleetFacts, LaunchFacts, SessionFacts } from "./facts.ts";
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
  const livedSecs = livedSecsOf(launch, now);
  // A heartbeat from before the launch is of another session. A clock that was set back since tells nothing.
  return livedSecs >= 0 && heartbeatAgeSecs > livedSecs ? "silent" : "healthy";
}

/** The seconds since a launch. They are negative where only the wall clock tells, and it was set back since. */
export function livedSecsOf({ upSecs, launchedAt }: Pick<LaunchFacts, "upSecs" | "launchedAt">, now: Date): number {
  return upSecs ?? (now.getTime() - Date.parse(launchedAt)) / 1000;
}
