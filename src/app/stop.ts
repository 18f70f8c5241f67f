import { stopSession, type Stopped } from "../launch/end/end.ts";
import type { Sender } from "../launch/sender.ts";
import { refuseOtherIncarnation } from "../launch/refusals.ts";
import { type ErrorView, IapeerError, toErrorView } from "../model/errors.ts";
import { identityOf } from "../model/names.ts";
import type { Peer } from "../registry/types.ts";
import { readPointer } from "../status/incarnation/incarnation.ts";
import { authorize } from "./authority.ts";
import { chooseIdentity, chooseTargets } from "./choose.ts";
import { refuseInterrupted } from "./memory.ts";
import { handOver } from "./teardown.ts";
import type { App } from "./types.ts";

/** The peers whose sessions end: those that are named, or every one. */
export type StopChoice = { readonly kind: "peers"; readonly personalities: readonly string[] } | { readonly kind: "all" };

export interface StopRequest {
  readonly choice: StopChoice;
  /** Only the sessions of this runtime. */
  readonly runtime?: string | undefined;
  /** Only this incarnation of one peer: another one there is refused. */
  readonly ifIncarnation?: string | undefined;
  /** False: no stop mark stays, so that a unit starts it again. */
  readonly isMarked: boolean;
}

/** One identity's end as `stop --json` has it. `stopping`: the call is made in that session, and another process ends it. */
export type StopRow =
  | ({ readonly identity: string } & (
      | Stopped
      | { readonly action: "stopping"; readonly server_pid?: never }
      | { readonly action: "failed"; readonly server_pid?: never; readonly error: ErrorView }
    ))
  /** One of several names that is no peer's, or of a peer that the caller may not stop. */
  | { readonly personality: string; readonly action: "failed"; readonly identity?: never; readonly error: ErrorView };

/**
 * Ends sessions on purpose, one after the other, and waits until they are gone. The session that the call is made in comes last, and ends
 * after this process. A session that cannot be ended is a row, and so is one of several names that is wrong. The signal ends the wait for another
 * process that is at work on a session; the rows that were not begun are `interrupted` too.
 *
 * @throws IapeerError `not-authorized`, `peer-not-found`, `runtime-not-found` of one peer or of all, and what readRegistry throws.
 */
export async function stopPeers(app: App, request: StopRequest, signal: AbortSignal): Promise<StopRow[]> {
  const caller = app.caller();
  const own = caller.kind === "peer" ? caller : undefined;
  const chosen = chooseSessions(app, request);
  const rows: StopRow[] = [];
  for (const one of chosen)
    if (typeof one !== "string") rows.push(one);
    else if (one !== own?.identity) rows.push(await stopOne(app, { identity: one, request }, signal));
  if (own !== undefined && chosen.includes(own.identity)) rows.push(await stopOwn(app, own, request));
  return rows;
}

/** The identities that are to end, each once, and the rows of the names that cannot be. */
function chooseSessions(app: App, request: StopRequest): (string | StopRow)[] {
  const { choice, runtime } = request;
  if (choice.kind === "all") {
    authorize(app, "stop");
    return chooseTargets(app, choice).targets.flatMap((peer) => identitiesOf(peer, runtime));
  }
  const [personality, ...more] = [...new Set(choice.personalities)];
  if (more.length === 0) return chooseOne(app, personality!, request);
  return [personality!, ...more].flatMap((name): readonly (string | StopRow)[] => {
    try {
      return chooseOne(app, name, request);
    } catch (error) {
      if (!(error instanceof IapeerError)) throw error;
      return [{ personality: name, action: "failed", error: toErrorView(error) }];
    }
  });
}

function chooseOne(app: App, personality: string, { runtime, ifIncarnation }: StopRequest): string[] {
  authorize(app, "stop", personality);
  const { peer, identity } = chooseIdentity(app, { personality, runtime }, "stop");
  const found = runtime === undefined ? identitiesOf(peer, undefined) : [identity];
  if (ifIncarnation === undefined) return found;
  // It means one session of the peer. Where none is that incarnation, the refusal names the first.
  return [found.find((one) => readPointer(app.layout, one) === ifIncarnation) ?? found[0]!];
}

function identitiesOf({ personality, runtimes }: Peer, wanted: string | undefined): string[] {
  return runtimes.filter((one) => wanted === undefined || one === wanted).map((one) => identityOf(one, personality));
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
