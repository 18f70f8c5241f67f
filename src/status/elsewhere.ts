import { existsSync, statSync } from "node:fs";
import { constants } from "node:os";
import { dirname } from "node:path";
import { isHeld } from "../core/disk/lock.ts";
import type { Layout } from "../core/layout.ts";
import { tryConnect } from "../core/libc.ts";
import { isProcForeign } from "../core/process/pid-namespace.ts";
import { errnoOf } from "../model/errors.ts";
import { incarnationPaths, isOfHere, isOfThisBoot } from "./incarnation/incarnation.ts";
import type { Incarnation, Running } from "./incarnation/types.ts";

/** Why a session can only be told, or reached, from another place than this one. */
export interface Elsewhere {
  /** A sentence about the session, without its name. */
  readonly why: string;
  /** The place to run the command, in words. */
  readonly hint: string;
}

const THERE = "run this where the session was launched: on the host itself, or in its container or sandbox";

/** The refusal of a /proc that shows the processes of another PID namespace: nothing that is saved can be compared with it. */
export function findForeignProc(): Elsewhere | undefined {
  if (!isProcForeign()) return undefined;
  return {
    why: "/proc here does not show the processes of this PID namespace, so that none can be told",
    hint: "mount one: unshare --mount-proc does that, and so does every container",
  };
}

/**
 * Tells whether an incarnation was launched where its processes cannot be seen from here, and may go on there: in another PID namespace, or
 * under another boot id. A container, a sandbox and another host that share a root see each other's sessions so.
 *
 * Held locks prove that it goes on: the kernel keeps them across namespaces. These prove that it has ended, although no process can be
 * told: its record; a server's lock that is there and free; a socket that is there and refuses. Another boot without a held lock is over too.
 *
 * @returns undefined for an incarnation of here, and for one that has ended.
 */
export function findElsewhere(layout: Layout, one: Incarnation): Elsewhere | undefined {
  if (isOfHere(one)) return undefined;
  const paths = incarnationPaths(layout, one.identity, one.incarnation);
  const lives = isHeld(paths.lock) || isHeld(paths.serverLock);
  if (!isOfThisBoot(one)) return lives ? { why: `it lives under another boot id: ${SHARED_ROOT}`, hint: THERE } : undefined;
  if (!lives && hasEnded(one, [paths.recorded, paths.serverLock])) return undefined;
  return (
    findForeignProc() ?? { why: `it was launched in another PID namespace, whose processes cannot be seen here`, hint: THERE }
  );
}

const SHARED_ROOT = "another host or container has this root too";

function hasEnded({ server, shared, socket }: Incarnation, proofs: readonly string[]): boolean {
  if (proofs.some((path) => existsSync(path))) return true;
  const answer = tryConnect(socket);
  // Nothing was made on a shared server before the server was written down.
  if (server === null) return shared === true || !("pid" in answer);
  return "errno" in answer && answer.errno === constants.errno.ECONNREFUSED;
}

/**
 * Tells whether a server has another folder than this process where its socket's folder should be: each has a /tmp of its own, as with
 * systemd's PrivateTmp or in a sandbox. Linux; undefined where it is the same folder, or cannot be told.
 */
export function findOtherMount({ server, socket }: Running): Elsewhere | undefined {
  const folder = dirname(socket);
  const [theirs, ours] = [folderId(`/proc/${server.pid}/root${folder}`), folderId(folder)];
  if (theirs === undefined || ours === undefined || theirs === ours) return undefined;
  return {
    why: `its server (pid ${server.pid}) runs, and sees another folder than this call at ${folder}: its socket cannot be reached`,
    hint: `${THERE}; or let all of them have one folder of sockets: IAPEER_SOCK_DIR`,
  };
}

/** The identity of a folder, or "none" where nothing is there; undefined where that may not be looked at. */
function folderId(path: string): string | undefined {
  if (process.platform !== "linux") return undefined;
  try {
    const { dev, ino } = statSync(path);
    return `${dev}:${ino}`;
  } catch (error) {
    return errnoOf(error) === "ENOENT" ? "none" : undefined;
  }
}
