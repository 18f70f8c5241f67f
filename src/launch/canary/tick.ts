import pMap from "p-map";
import { IapeerError } from "../../model/errors.ts";
import { makeFolder } from "../../core/disk/files.ts";
import { withLock } from "../../core/disk/lock.ts";
import { socketPathOf } from "../../core/layout.ts";
import type { ProcessId } from "../../core/process/process-table.ts";
import { identityLockPath, incarnationPaths, listIncarnations } from "../../status/incarnation/incarnation.ts";
import type { Incarnation } from "../../status/incarnation/types.ts";
import { hasRecorder } from "../session/recorder.ts";
import { armCanary } from "./canary.ts";
import { isAbandoned, isSettled, withdrawClaim } from "./claim.ts";
import { identifyServer, readStamp } from "../session/session.ts";
import { type Host, logDecision } from "../../core/host.ts";
import { recordLostAgent } from "./lost-agent.ts";
import { settleIncarnations } from "./settle.ts";
import { tidyLogs } from "./tidy-logs.ts";
import { adoptServer } from "./arming.ts";

/** One thing that a tick did, or could not do. */
export interface TickRow {
  readonly identity: string;
  /** `armed` a canary; `recorded` an end that nobody saw; `reclaimed`: took back the claim of a teardown that was cut short. */
  readonly action: "armed" | "recorded" | "reclaimed" | "failed";
  readonly detail?: string;
}

/** How long somebody else may be at work on an identity before this tick leaves it alone. */
const BUSY_MS = 2000;

/** Arming waits for clients of tmux to start. */
const AT_ONCE = 8;

/**
 * One look at everything: a live server without a canary gets one, an end that nobody claimed or recorded is recorded. It restarts
 * nothing and ends nothing. What somebody else is at work on is left to the next tick.
 */
export async function superviseOnce(registered: readonly string[], host: Host): Promise<TickRow[]> {
  const { layout } = host;
  makeFolder(layout.stateFolder);
  tidyLogs(host);
  const identities = new Set([...registered, ...listIncarnations(layout).keys()]);
  const rows = await pMap(identities, async (identity) => await superviseIdentity(identity, host), { concurrency: AT_ONCE });
  return rows.flat();
}

async function superviseIdentity(identity: string, host: Host): Promise<TickRow[]> {
  try {
    return await withLock(
      identityLockPath(host.layout, identity),
      { timeoutMs: BUSY_MS },
      async () => await look(identity, host),
    );
  } catch (error) {
    if (error instanceof IapeerError && error.code === "lock-busy") return [];
    return [{ identity, action: "failed", detail: error instanceof Error ? error.message : String(error) }];
  }
}

async function look(identity: string, host: Host): Promise<TickRow[]> {
  const settled = await settleIncarnations(identity, host);
  const rows = settled.flatMap((one): TickRow[] => {
    if (one === "failed") return [{ identity, action: "failed", detail: "its end could not be recorded" }];
    return one === "recorded" ? [{ identity, action: "recorded" }] : [];
  });
  const state = await identifyServer(host.layout, identity);
  if (state.kind === "other" && (await readStamp(socketPathOf(host.layout, identity))) === "") {
    return [...rows, ...(await keepWatched(await adoptServer(identity, state.pid, host), host))];
  }
  return state.kind === "ours" ? [...rows, ...(await keepWatched(state.incarnation, host))] : rows;
}

async function keepWatched(incarnation: Incarnation & { readonly server: ProcessId }, host: Host): Promise<TickRow[]> {
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
