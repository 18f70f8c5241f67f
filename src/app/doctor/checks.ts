import { IapeerError } from "../../model/errors.ts";
import type { CanaryRow } from "../canaries.ts";
import type { Env, Layout } from "../../core/layout.ts";
import type { Tmux } from "../../core/tmux.ts";
import { verifyRegistry } from "../../registry/registry.ts";
import { failure, orGood, warning } from "./check.ts";
import type { Check } from "./types.ts";
import { checkClock } from "./clock.ts";
import { checkDisk, checkFolders, checkLocking, checkLogs } from "./places.ts";
import { checkIncarnations } from "./incarnations.ts";
import { checkLocks, checkLostAgents, checkServers, checkStatePlaces, checkSupervise, checkUnrecorded } from "./sessions.ts";
import { checkSocketFolder, checkSocketPaths, checkStaleSockets } from "./sockets.ts";
import { checkTmux, checkTools, checkWitnesses } from "./tools.ts";

export interface DoctorOptions {
  readonly layout: Layout;
  readonly env: Env;
  readonly tmux: Tmux;
  readonly now: Date;
  /** Every identity of the registry; none where the registry cannot be read. */
  readonly identities: readonly string[];
  readonly servers: readonly CanaryRow[];
}

/** Looks at everything that sessions and their records stand on, and changes nothing. The signal ends the looks that wait. */
export async function runChecks(options: DoctorOptions, signal: AbortSignal): Promise<readonly Check[]> {
  const { layout, env, tmux, now, identities, servers } = options;
  return [
    await checkTmux(tmux),
    ...checkTools(env),
    ...checkWitnesses(env),
    ...checkFolders(layout),
    ...checkDisk(layout),
    checkLocking(layout),
    ...checkLogs(layout),
    ...checkClock(layout, now),
    ...checkRegistry(layout),
    ...(await checkLocks(layout, signal)),
    checkSocketFolder(layout),
    ...checkSocketPaths(layout, identities),
    ...checkStaleSockets(layout, identities),
    ...checkStatePlaces(layout, identities),
    ...(await checkIncarnations({ layout, tmux })),
    ...checkLostAgents(layout),
    ...checkUnrecorded(layout),
    ...(await checkServers({ layout, tmux }, servers)),
    checkSupervise(layout, servers),
  ];
}

/** The differences that `iapeer verify` finds, a row each. */
function checkRegistry(layout: Layout): readonly Check[] {
  try {
    const { differences } = verifyRegistry(layout);
    const problems = differences.map(({ kind, message, personality }) => {
      const isLost = kind === "registry-unreadable";
      return (isLost ? failure : warning)(
        "registry",
        isLost ? message : `${personality}: ${message}`,
        isLost ? "iapeer verify --fix" : "iapeer verify",
      );
    });
    return orGood(problems, "registry", "registry and cards agree");
  } catch (error) {
    if (error instanceof IapeerError) return [failure("registry", error.message, error.hint)];
    throw error;
  }
}
