import { makeFolder } from "../../core/disk/files.ts";
import { withLock } from "../../core/disk/lock.ts";
import type { Host } from "../../core/host.ts";
import { until } from "../../core/process/poll.ts";
import { IapeerError } from "../../model/errors.ts";
import { identityLockPath, incarnationPaths, isAgentRunning } from "../../status/incarnation/incarnation.ts";
import { claimedBy, isAbandoned, withdrawClaim, writeClaim } from "../claim.ts";
import { stopSession } from "../end/end.ts";
import { findAddressee } from "../send/send.ts";
import type { Addressee, LocalRecipient } from "../send/types.ts";
import { guardClaim } from "./claim-guard.ts";

/** The directives that a message may carry to a running agent. */
export const DIRECTIVES = ["sleep"] as const;

/** The text of a directive that came without a message. */
export function renderDirective(from: string, graceMs: number): string {
  return `${from} asks you to sleep: put your work away, this session is stopped ${graceMs === 0 ? "now" : `in ${graceMs / 1000} s`}`;
}

const POLL_MS = 50;

/** How an agent is put to sleep. */
export interface SleepOptions<T> {
  /** How long the agent has to put its work away. */
  readonly graceMs: number;
  /** Tells the agent. When it throws, nothing is ended. */
  readonly tell: () => Promise<T>;
  /** Takes the order back while the grace lasts. */
  readonly signal: AbortSignal;
  readonly host: Host;
}

/**
 * Tells an agent to sleep, waits until it has ended or the grace is over, and then stops its session. The end is claimed before the agent
 * is told, so that no part of it is a death. If this process is killed before the teardown, the claim goes with it and the session goes on.
 *
 * @returns the result of `tell`, once every process of the session is gone.
 * @throws IapeerError whatever `tell` throws; `peer-not-live`, `stale-incarnation`, `stop-failed`, `lock-busy`; `interrupted`: the session
 *   goes on.
 */
export async function putToSleep<T>(recipient: LocalRecipient, { graceMs, tell, signal, host }: SleepOptions<T>): Promise<T> {
  const { to, takeBack, keep } = await claimSleep(recipient, host, signal);
  let told: T;
  try {
    told = await tell();
    await waitForEnd(to, graceMs, signal);
  } catch (error) {
    takeBack();
    throw error;
  }
  if (signal.aborted && isAgentRunning(to)) {
    takeBack();
    throw new IapeerError("interrupted", `stopped before ${to.identity} was: it was told to sleep, and goes on`);
  }
  keep();
  await stopSession({ identity: to.identity, reason: "sleep", only: to.incarnation }, host);
  return told;
}

interface Claimed {
  readonly to: Addressee;
  readonly takeBack: () => void;
  /** From here on the claim stays, whatever happens to this process. */
  readonly keep: () => void;
}

/** Claims the end. An end that a dismissal or another order has claimed already keeps that claim. */
async function claimSleep(
  recipient: LocalRecipient,
  { layout, env, lockTimeoutMs, now }: Host,
  signal: AbortSignal,
): Promise<Claimed> {
  findAddressee(layout, recipient);
  makeFolder(layout.stateFolder);
  return await withLock(identityLockPath(layout, recipient.identity), { timeoutMs: lockTimeoutMs, signal }, () => {
    const to = findAddressee(layout, recipient);
    const paths = incarnationPaths(layout, to.identity, to.incarnation);
    if (claimedBy(paths) === "sleep" && !isAbandoned(paths))
      throw new IapeerError("lock-busy", `${to.identity} is being asked to sleep already`, {
        hint: "wait for that, or: iapeer stop",
      });
    if (claimedBy(paths) !== undefined) return { to, takeBack: () => undefined, keep: () => undefined };
    writeClaim(paths, "sleep", now());
    const guard = guardClaim(paths, env);
    const takeBack = () => {
      if (claimedBy(paths) === "sleep") withdrawClaim(paths);
      guard.release();
    };
    return { to, takeBack, keep: () => guard.release() };
  });
}

async function waitForEnd(to: Addressee, graceMs: number, signal: AbortSignal): Promise<void> {
  await until(() => !isAgentRunning(to), { timeoutMs: graceMs, everyMs: POLL_MS, signal });
}
