import { IapeerError } from "../../model/errors.ts";
import { makeFolder } from "../../core/disk/files.ts";
import { withLock } from "../../core/disk/lock.ts";
import { identityLockPath, incarnationPaths, isAgentRunning } from "../../status/incarnation/incarnation.ts";
import { claimedBy, isAbandoned, withdrawClaim, writeClaim } from "../canary/claim.ts";
import { guardClaim } from "./claim-guard.ts";
import type { Host } from "../../core/host.ts";
import { type Addressee, findAddressee, type LocalRecipient } from "../send/recipient.ts";
import { stopIncarnation } from "../end/end.ts";

const POLL_MS = 50;

export interface SleepOptions<T> {
  /** How long the agent has for putting its work away. */
  readonly graceMs: number;
  /** Tells it. When it throws, nothing is ended. */
  readonly tell: () => Promise<T>;
  /** Takes the order back while the grace lasts. */
  readonly signal: AbortSignal;
  readonly host: Host;
}

/**
 * Tells an agent to sleep, waits until it has ended or the grace is over, then stops its session. The end is claimed before the agent is
 * told, so that none of it is a death; if this process is killed before the teardown, the claim goes with it and the session goes on.
 *
 * @returns what `tell` did, once every process is gone.
 * @throws IapeerError what `tell` does; `peer-not-live`, `stale-incarnation`, `stop-failed`, `lock-busy`; `interrupted`: it goes on.
 */
export async function putToSleep<T>(recipient: LocalRecipient, { graceMs, tell, signal, host }: SleepOptions<T>): Promise<T> {
  const { to, takeBack, keep } = await claimSleep(recipient, host);
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
  await stopIncarnation(to, "sleep", host);
  return told;
}

interface Claimed {
  readonly to: Addressee;
  readonly takeBack: () => void;
  /** From here on the claim stays, whatever becomes of this process. */
  readonly keep: () => void;
}

/** An end that is claimed already, by a dismissal or another order, stays claimed by that. */
async function claimSleep(recipient: LocalRecipient, { layout, lockTimeoutMs, now }: Host): Promise<Claimed> {
  findAddressee(layout, recipient);
  makeFolder(layout.stateFolder);
  return await withLock(identityLockPath(layout, recipient.identity), { timeoutMs: lockTimeoutMs }, () => {
    const to = findAddressee(layout, recipient);
    const paths = incarnationPaths(layout, to.identity, to.incarnation);
    if (claimedBy(paths) === "sleep" && !isAbandoned(paths))
      throw new IapeerError("lock-busy", `${to.identity} is being asked to sleep already`, {
        hint: "wait for that, or: iapeer stop",
      });
    if (claimedBy(paths) !== undefined) return { to, takeBack: () => undefined, keep: () => undefined };
    writeClaim(paths, "sleep", now());
    const guard = guardClaim(paths.claim);
    const takeBack = () => {
      if (claimedBy(paths) === "sleep") withdrawClaim(paths);
      guard.release();
    };
    return { to, takeBack, keep: () => guard.release() };
  });
}

async function waitForEnd(to: Addressee, graceMs: number, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + graceMs;
  while (!signal.aborted && isAgentRunning(to) && performance.now() < deadline) {
    await Bun.sleep(Math.max(1, Math.min(POLL_MS, deadline - performance.now())));
  }
}
