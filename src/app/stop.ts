import { stopSession, type Stopped } from "../launch/end/end.ts";
import type { Sender } from "../launch/sender.ts";
import { refuseOtherIncarnation } from "../launch/session/session.ts";
import { type ErrorView, toErrorView } from "../model/errors.ts";
import { identityOf } from "../model/names.ts";
import { readPointer } from "../status/incarnation/incarnation.ts";
import { authorize } from "./authority.ts";
import { chooseIdentity, chooseTargets, type PeerChoice } from "./choose.ts";
import { refuseInterrupted } from "./memory.ts";
import { handOver } from "./teardown.ts";
import type { App } from "./types.ts";

export interface StopRequest {
  readonly choice: PeerChoice;
  /** Only the sessions of this runtime. */
  readonly runtime?: string | undefined;
  /** Only this incarnation of one peer: another one there is refused. */
  readonly ifIncarnation?: string | undefined;
  /** False: no stop mark stays, so that a unit starts it again. */
  readonly isMarked: boolean;
}

/** One identity's end as `stop --json` has it. `stopping`: the call is made in that session, and another process ends it. */
export type StopRow = { readonly identity: string } & (
  | Stopped
  | { readonly action: "stopping"; readonly server_pid?: never }
  | { readonly action: "failed"; readonly server_pid?: never; readonly error: ErrorView }
);

/**
 * Ends sessions on purpose, one after the other, and waits until they are gone. The session that the call is made in comes last, and ends
 * after this process. A session that cannot be ended is a row. The signal ends the wait for another process that is at work on a session;
 * the rows that were not begun are `interrupted` too.
 *
 * @throws IapeerError `not-authorized`, `peer-not-found`, `runtime-not-found`, and what readRegistry throws.
 */
export async function stopPeers(app: App, request: StopRequest, signal: AbortSignal): Promise<StopRow[]> {
  const { choice } = request;
  authorize(app, "stop", choice.kind === "peer" ? choice.personality : undefined);
  const caller = app.caller();
  const own = caller.kind === "peer" ? caller : undefined;
  const identities = chooseIdentities(app, request);
  const rows: StopRow[] = [];
  for (const identity of identities.filter((one) => one !== own?.identity))
    rows.push(await stopOne(app, { identity, request }, signal));
  if (own !== undefined && identities.includes(own.identity)) rows.push(await stopOwn(app, own, request));
  return rows;
}

function chooseIdentities(app: App, request: StopRequest): string[] {
  const found = chooseAll(app, request);
  const { ifIncarnation } = request;
  if (ifIncarnation === undefined) return found;
  // It means one session of the peer. Where none is that incarnation, the refusal names the first.
  return [found.find((identity) => readPointer(app.layout, identity) === ifIncarnation) ?? found[0]!];
}

function chooseAll(app: App, { choice, runtime }: StopRequest): string[] {
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

interface OneStop {
  readonly identity: string;
  readonly request: Pick<StopRequest, "ifIncarnation" | "isMarked">;
}

async function stopOne(app: App, { identity, request }: OneStop, signal: AbortSignal): Promise<StopRow> {
  const { ifIncarnation: expected, isMarked } = request;
  return await asRow(identity, async () => {
    refuseInterrupted(signal);
    return { identity, ...(await stopSession({ identity, reason: "stop", expected, isMarked }, app, signal)) };
  });
}

/** The end of the session that this call is made in: it would end this process before the work is done. */
async function stopOwn(
  app: App,
  { identity, incarnation }: Extract<Sender, { readonly kind: "peer" }>,
  { ifIncarnation, isMarked }: OneStop["request"],
): Promise<StopRow> {
  return await asRow(identity, async () => {
    refuseOtherIncarnation({ identity, incarnation }, ifIncarnation);
    await handOver(app, { identity, incarnation, reason: "stop", isMarked, by: app.by() });
    return { identity, action: "stopping" };
  });
}

async function asRow(identity: string, work: () => Promise<StopRow>): Promise<StopRow> {
  try {
    return await work();
  } catch (error) {
    return { identity, action: "failed", error: toErrorView(error) };
  }
}
