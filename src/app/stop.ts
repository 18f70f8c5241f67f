import { stopSession, type Stopped } from "../launch/end/end.ts";
import { type ErrorView, toErrorView } from "../model/errors.ts";
import { identityOf } from "../model/names.ts";
import { chooseIdentity, chooseTargets, type PeerChoice } from "./choose.ts";
import { refuseInterrupted } from "./memory.ts";
import type { App } from "./types.ts";

export interface StopRequest {
  readonly choice: PeerChoice;
  /** Only the sessions of this runtime. */
  readonly runtime?: string | undefined;
}

/** One identity's end as `stop --json` has it. */
export type StopRow = { readonly identity: string } & (
  | Stopped
  | { readonly action: "failed"; readonly server_pid?: never; readonly error: ErrorView }
);

/**
 * Ends sessions on purpose, one after the other, and waits until they are gone. A session that cannot be ended is a row. The signal ends the
 * wait for another process that is at work on a session; the rows that were not begun are `interrupted` too.
 *
 * @throws IapeerError `peer-not-found`, `runtime-not-found`, and what readRegistry throws.
 */
export async function stopPeers(app: App, request: StopRequest, signal: AbortSignal): Promise<StopRow[]> {
  const rows: StopRow[] = [];
  for (const identity of chooseIdentities(app, request)) rows.push(await stopOne(app, identity, signal));
  return rows;
}

function chooseIdentities(app: App, { choice, runtime }: StopRequest): string[] {
  if (choice.kind === "peer" && runtime !== undefined)
    return [chooseIdentity(app, { personality: choice.personality, runtime }, "stop").identity];
  const targets =
    choice.kind === "all"
      ? chooseTargets(app, choice).targets
      : [chooseIdentity(app, { personality: choice.personality }, "stop").peer];
  return targets.flatMap((peer) =>
    peer.runtimes.filter((one) => runtime === undefined || one === runtime).map((one) => identityOf(one, peer.personality)),
  );
}

async function stopOne(app: App, identity: string, signal: AbortSignal): Promise<StopRow> {
  try {
    refuseInterrupted(signal);
    return { identity, ...(await stopSession({ identity, by: "stop" }, app, signal)) };
  } catch (error) {
    return { identity, action: "failed", error: toErrorView(error) };
  }
}
