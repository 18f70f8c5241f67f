import { IapeerError } from "../model/errors.ts";
import { callOf, parseIdentity } from "../model/names.ts";
import type { Elsewhere } from "../status/elsewhere.ts";
import type { Incarnation } from "../status/incarnation/types.ts";
import type { Layout } from "../core/layout.ts";
import { incarnationPaths, listDamaged } from "../status/incarnation/incarnation.ts";
import type { Damaged } from "./damaged.ts";
import { findAway, type IdentifiedServer } from "./identify.ts";

/** The refusal for an identity that is not live, or that may not be live. */
export function notLive(identity: string, state: IdentifiedServer | { readonly kind: "gone" }): IapeerError {
  const { kind } = state;
  if (kind === "damaged") return sessionDamaged(identity, state);
  if ((kind === "elsewhere" || kind === "unreachable") && state.elsewhere !== undefined)
    return sessionElsewhere(identity, state.elsewhere);
  const launch = `iapeer launch ${callOf(identity)}`;
  const refuse = (message: string, hint: string) => new IapeerError("peer-not-live", message, { hint, details: { identity } });
  if (kind === "gone") return refuse(`${identity} is not live`, `to start it: ${launch}`);
  if (kind === "unreachable") return refuse(`${identity} runs, but its socket is gone`, `to have the socket back: ${launch}`);
  return refuse(`it cannot be told whether ${identity} is live`, "see: iapeer doctor");
}

/** The refusal of a session that can only be told, or reached, from another place. */
export function sessionElsewhere(identity: string, { why, hint }: Elsewhere): IapeerError {
  return new IapeerError("session-elsewhere", `the session of ${identity} cannot be told from here: ${why}`, {
    hint,
    details: { identity, why },
  });
}

/** Throws `session-elsewhere` where a session of an identity can only be told from another place. */
export function refuseElsewhere(layout: Layout, identity: string): void {
  const away = findAway(layout, identity);
  if (away !== undefined) throw sessionElsewhere(identity, away.elsewhere);
}

/** The refusal of an incarnation that may go on, and whose state does not read. */
export function sessionDamaged(identity: string, { incarnation, path, found }: Damaged): IapeerError {
  const server = found === undefined ? "" : ` on ${found.socket} (pid ${found.server.pid}, incarnation ${incarnation})`;
  return new IapeerError("session-damaged", `a session of ${identity} still runs${server}, and its state is damaged: ${path}`, {
    hint: found === undefined ? "see: iapeer doctor" : `to end it: iapeer stop ${callOf(identity)}`,
    details: {
      identity,
      incarnation,
      path,
      ...(found !== undefined && { socket: found.socket, server_pid: found.server.pid }),
    },
  });
}

/**
 * Refuses an incarnation that is not the one that a caller means; undefined means any.
 *
 * @throws IapeerError `stale-incarnation`.
 */
export function refuseOtherIncarnation(
  { identity, incarnation }: Pick<Incarnation, "identity" | "incarnation">,
  expected: string | undefined,
): void {
  if (expected === undefined || expected === incarnation) return;
  throw new IapeerError("stale-incarnation", `${identity} is another incarnation now: ${incarnation}, not ${expected}`, {
    hint: `look at the one that is there: iapeer show ${parseIdentity(identity)!.personality}`,
    details: { identity, incarnation, expected },
  });
}

/** The refusal for a server that answers for an identity and is in no saved incarnation. */
export function staleIncarnation(identity: string, pid: number): IapeerError {
  return new IapeerError(
    "stale-incarnation",
    `the server that answers for ${identity} (pid ${pid}) was not launched from this root; nothing was done to it`,
    { hint: "see what it is: iapeer canary status", details: { identity, server_pid: pid } },
  );
}

/** The same for a caller that has not asked that server for its stamp: it may be one whose saved state is damaged. */
export function notOurs(layout: Layout, identity: string, pid: number): IapeerError {
  const incarnation = listDamaged(layout, identity)[0];
  if (incarnation === undefined) return staleIncarnation(identity, pid);
  return sessionDamaged(identity, {
    kind: "damaged",
    incarnation,
    path: incarnationPaths(layout, identity, incarnation).session,
  });
}
