import pMap from "p-map";
import { IapeerError } from "../../model/errors.ts";
import { makeFolder } from "../../core/disk/files.ts";
import { withLock } from "../../core/disk/lock.ts";
import { socketPathOf } from "../../core/layout.ts";
import type { ProcessId } from "../../core/process/process-table.ts";
import { identityLockPath, type Incarnation, incarnationPaths, listIncarnations } from "../../status/incarnation/incarnation.ts";
import { hasRecorder } from "../session/recorder.ts";
import { armCanary } from "./canary.ts";
import { isAbandoned, isSettled, withdrawClaim } from "./claim.ts";
import { identifyServer, readStamp } from "../session/session.ts";
import type { LaunchContext } from "../../core/host.ts";
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
export async function superviseOnce(registered: readonly string[], context: LaunchContext): Promise<TickRow[]> {
  const { layout } = context;
  makeFolder(layout.stateFolder);
  tidyLogs(context);
  const identities = new Set([...registered, ...listIncarnations(layout).keys()]);
  const rows = await pMap(identities, async (identity) => await superviseIdentity(identity, context), { concurrency: AT_ONCE });
  return rows.flat();
}

async function superviseIdentity(identity: string, context: LaunchContext): Promise<TickRow[]> {
  try {
    return await withLock(
      identityLockPath(context.layout, identity),
      { timeoutMs: BUSY_MS },
      async () => await look(identity, context),
    );
  } catch (error) {
    if (error instanceof IapeerError && error.code === "lock-busy") return [];
    return [{ identity, action: "failed", detail: error instanceof Error ? error.message : String(error) }];
  }
}

async function look(identity: string, context: LaunchContext): Promise<TickRow[]> {
  const settled = await settleIncarnations(identity, context);
  const rows = settled.flatMap((one): TickRow[] => {
    if (one === "failed") return [{ identity, action: "failed", detail: "its end could not be recorded" }];
    return one === "recorded" ? [{ identity, action: "recorded" }] : [];
  });
  const state = await identifyServer(context.layout, identity);
  if (state.kind === "other" && (await readStamp(socketPathOf(context.layout, identity))) === "") {
    return [...rows, ...(await keepWatched(await adoptServer(identity, state.pid, context), context))];
  }
  return state.kind === "ours" ? [...rows, ...(await keepWatched(state.incarnation, context))] : rows;
}

async function keepWatched(
  incarnation: Incarnation & { readonly server: ProcessId },
  context: LaunchContext,
): Promise<TickRow[]> {
  const { identity } = incarnation;
  const paths = incarnationPaths(context.layout, identity, incarnation.incarnation);
  const rows: TickRow[] = [];
  if (isAbandoned(paths)) {
    withdrawClaim(paths);
    context.note({ ev: "canary", identity, state: "claim-withdrawn", server_pid: incarnation.server.pid });
    rows.push({ identity, action: "reclaimed" });
  }
  if (isSettled(paths)) return rows;
  if (await recordLostAgent(incarnation, context)) return [...rows, { identity, action: "recorded", detail: "its agent" }];
  if (hasRecorder(paths)) return rows;
  const arming = await armCanary(incarnation, "retrofit", context);
  if (arming.outcome === "armed") rows.push({ identity, action: "armed" });
  if (arming.outcome === "failed") rows.push({ identity, action: "failed", detail: arming.why });
  return rows;
}
