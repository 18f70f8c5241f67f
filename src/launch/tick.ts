import pMap from "p-map";
import { makeFolder } from "../core/disk/files.ts";
import { findUntrustedLogs } from "../core/disk/log-files.ts";
import { withLock } from "../core/disk/lock.ts";
import { type Host, logDecision } from "../core/host.ts";
import { IapeerError } from "../model/errors.ts";
import { identityLockPath, incarnationPaths, listIncarnations } from "../status/incarnation/incarnation.ts";
import { refuseMisplaced } from "../status/state-places.ts";
import type { Running } from "../status/incarnation/types.ts";
import { adoptServer, armCanary } from "./canary/canary.ts";
import { isAbandoned, isSettled, withdrawClaim } from "./claim.ts";
import { hasRecorder } from "./recorder/recorder.ts";
import { identifyServer } from "./identify.ts";
import { readStamp } from "./session/session.ts";
import { tidyLogs } from "./tidy-logs.ts";
import { recordLostAgent, settleIncarnations } from "./unwitnessed.ts";
import { socketPathOf } from "../core/socket-path.ts";

/** One thing that a tick did, or could not do. */
export interface TickRow {
  readonly identity: string;
  /**
   * `armed`: the server got a canary. `recorded`: an end that no recorder saw is in exits.log. `reclaimed`: the claim of a teardown that
   * was cut short is withdrawn.
   */
  readonly action: "armed" | "recorded" | "reclaimed" | "failed";
  readonly detail?: string;
}

/** How long another process may be at work on an identity before this tick leaves it alone. */
const BUSY_MS = 2000;

/** The codes of a lock that was not to be had. */
const LEFT_ALONE: ReadonlySet<string> = new Set(["lock-busy", "interrupted"]);

/** Arming waits for clients of tmux to start. */
const AT_ONCE = 8;

/**
 * Looks at everything once: gives a live server without a canary one, and records an end that is neither claimed nor recorded. It
 * restarts nothing and ends nothing. An identity that another process works on is left to the next tick.
 *
 * @param signal ends the tick: no further identity is looked at, and a look that has begun is finished
 */
export async function superviseOnce(registered: readonly string[], host: Host, signal?: AbortSignal): Promise<TickRow[]> {
  const { layout } = host;
  makeFolder(layout.stateFolder);
  tidyLogs(host);
  const identities = new Set([...registered, ...listIncarnations(layout).keys()]);
  const rows = await pMap(identities, async (identity) => await superviseIdentity(identity, host, signal), {
    concurrency: AT_ONCE,
  });
  return rows.flat();
}

async function superviseIdentity(identity: string, host: Host, signal: AbortSignal | undefined): Promise<TickRow[]> {
  if (signal?.aborted) return [];
  const lock = identityLockPath(host.layout, identity);
  try {
    return await withLock(lock, { timeoutMs: BUSY_MS, signal }, async () => await look(identity, host));
  } catch (error) {
    if (error instanceof IapeerError && LEFT_ALONE.has(error.code)) return [];
    return [{ identity, action: "failed", detail: error instanceof Error ? error.message : String(error) }];
  }
}

async function look(identity: string, host: Host): Promise<TickRow[]> {
  refuseMisplaced(host.layout, identity);
  const settled = await settleIncarnations(identity, host);
  const rows = settled.flatMap((one): TickRow[] => {
    if (one === "failed") return [{ identity, action: "failed", detail: whyNotRecorded(host) }];
    return one === "recorded" ? [{ identity, action: "recorded" }] : [];
  });
  const state = await identifyServer(identity, host);
  if (state.kind === "other" && (await readStamp(socketPathOf(host.layout, identity), host.tmux)) === "") {
    return [...rows, ...(await keepWatched(await adoptServer(identity, state.pid, host), host))];
  }
  return state.kind === "ours" ? [...rows, ...(await keepWatched(state.incarnation, host))] : rows;
}

function whyNotRecorded({ layout }: Host): string {
  return findUntrustedLogs(layout.exitsLog)[0]?.message ?? "its end could not be recorded";
}

async function keepWatched(incarnation: Running, host: Host): Promise<TickRow[]> {
  const { identity } = incarnation;
  const paths = incarnationPaths(host.layout, identity, incarnation.incarnation);
  const rows: TickRow[] = [];
  if (isAbandoned(paths)) {
    withdrawClaim(paths);
    logDecision(host, { ev: "canary", identity, state: "claim-withdrawn", server_pid: incarnation.server.pid });
    rows.push({ identity, action: "reclaimed" });
  }
  if (isSettled(paths)) return rows;
  if (await recordLostAgent(incarnation, host)) return [...rows, { identity, action: "recorded", detail: "its agent" }];
  if (hasRecorder(paths)) return rows;
  const arming = await armCanary(incarnation, "retrofit", host);
  if (arming.outcome === "armed") rows.push({ identity, action: "armed" });
  if (arming.outcome === "failed") rows.push({ identity, action: "failed", detail: arming.why });
  return rows;
}
