import { lstatSync, readdirSync } from "node:fs";
import { constants } from "node:os";
import { basename, dirname } from "node:path";
import { whyNotSocketFolder } from "../../core/disk/socket-folder.ts";
import { type Layout } from "../../core/layout.ts";
import { tryConnect } from "../../core/libc.ts";
import { errnoOf, refuseStarved } from "../../model/errors.ts";
import { isIncarnation, parseIdentity } from "../../model/names.ts";
import { findElsewhere, findOtherMount } from "../elsewhere.ts";
import { isLiving, listHeld, listReadable, pointerPath, readCurrent, stopMarkPath } from "../incarnation/incarnation.ts";
import type { Running } from "../incarnation/types.ts";
import { findMisplaced } from "../state-places.ts";
import type { PeerStatus, Probe, ServerState, Statuses } from "./types.ts";
import { socketPathOf } from "../../core/socket-path.ts";

/**
 * Reads the statuses of all identities, for a whole call. It lists the sockets and the saved state once. Each identity that is asked for
 * and may be live costs one connect(2). Nothing is started.
 */
export function readStatuses(layout: Layout): Statuses {
  const sockets = listSockets(layout.socketFolder);
  const kept = listKept(layout.stateFolder);
  const saved = new Set([...kept.keys()].filter(isOfSession).map((name) => name.slice(0, name.indexOf("."))));
  const found = new Map<string, Judged>();
  const look = (identity: string): Judged => {
    if (sockets === undefined) return unknown(`the socket folder ${layout.socketFolder} cannot be trusted`);
    return judge(layout, identity, {
      hasSocket: sockets.has(basename(socketPathOf(layout, identity))),
      hasState: saved.has(identity),
      isKept: (path) => kept.get(basename(path)) ?? false,
    });
  };
  const lookOnce = (identity: string): Judged => {
    const judged = found.get(identity) ?? look(identity);
    found.set(identity, judged);
    return judged;
  };
  return { of: (identity) => lookOnce(identity).status, whyUnknown: (identity) => lookOnce(identity).why };
}

/** True for the name of a file that names an incarnation, and of the folder of one. */
function isOfSession(name: string): boolean {
  const rest = name.slice(name.indexOf(".") + 1);
  return rest === "session" || isIncarnation(rest);
}

/** A status; an unknown one has the reason. */
interface Judged {
  readonly status: PeerStatus;
  readonly why?: string;
}

function unknown(why: string): Judged {
  return { status: "unknown", why };
}

/** The status of one identity now. For many, or for a whole call, see readStatuses. */
export function readStatus(layout: Layout, identity: string): PeerStatus {
  if (whyNotSocketFolder(layout.socketFolder) !== undefined) return "unknown";
  return judge(layout, identity, { hasSocket: true, hasState: true, isKept: isFileAt }).status;
}

interface Traces {
  /** True when the identity's own socket may be there. */
  readonly hasSocket: boolean;
  /** True when a session of it may be kept. */
  readonly hasState: boolean;
  /** Tells if a file is in the state folder, or something else with its name. */
  readonly isKept: (path: string) => boolean | "misplaced";
}

function judge(layout: Layout, identity: string, { hasSocket, hasState, isKept }: Traces): Judged {
  const current = hasState ? readCurrent(layout, identity) : undefined;
  // A server of another place may answer on the socket, and what it says of itself means nothing here.
  const elsewhere = current === undefined ? undefined : findElsewhere(layout, current);
  if (elsewhere !== undefined) return unknown(elsewhere.why);
  const socket = socketPathOf(layout, identity);
  const { liveness } = hasSocket ? probeSocket(socket) : DEAD;
  if (liveness === "unknown") return unknown(`its socket ${socket} does not answer`);
  if (liveness === "live") return { status: "live" };
  const [hasPointer, hasStopMark] = [isKept(pointerPath(layout, identity)), isKept(stopMarkPath(layout, identity))];
  const mayBeMisplaced = hasPointer === "misplaced" || hasStopMark === "misplaced" || (current === undefined && hasPointer);
  const [misplaced] = mayBeMisplaced ? findMisplaced(layout, identity) : [];
  if (misplaced !== undefined) return unknown(misplaced.message);
  if (current !== undefined && isLiving(layout, current)) return judgeRunning(current);
  if (current === undefined && hasState && mayBeDamaged(layout, identity)) return unknown(DAMAGED);
  return { status: hasStopMark ? "stopped" : "asleep" };
}

const DEAD = { liveness: "dead" } as const;

const DAMAGED = "what is kept about its session is damaged, and the session may go on; see: iapeer doctor";

/** True where a session goes on that the files about the current one do not name any more. */
function mayBeDamaged(layout: Layout, identity: string): boolean {
  return listReadable(layout, identity).some((one) => isLiving(layout, one)) || listHeld(layout, identity).length > 0;
}

/** The status of a session that is not on the identity's own socket. A server whose socket was deleted goes on, and nothing can ask it. */
function judgeRunning(current: Running): Judged {
  if (answers(current)) return { status: "live" };
  return unknown(
    findOtherMount(current)?.why ??
      `its server (pid ${current.server.pid}) runs, and does not answer on its socket ${current.socket}`,
  );
}

/** The content of the state folder, by name. Where there is none, or it cannot be read, nothing says "stopped". */
function listKept(stateFolder: string): ReadonlyMap<string, true | "misplaced"> {
  try {
    const entries = readdirSync(stateFolder, { withFileTypes: true });
    return new Map(entries.map((entry) => [entry.name, entry.isFile() || "misplaced"]));
  } catch (error) {
    refuseStarved(error);
    return new Map();
  }
}

function isFileAt(path: string): boolean | "misplaced" {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found !== undefined && (found.isFile() || "misplaced");
}

/** The server of an identity, found with one connect(2) and a look at one or two processes. Nothing is started. */
export function observeServer(layout: Layout, identity: string): ServerState {
  const incarnation = readCurrent(layout, identity);
  if (incarnation !== undefined && isLiving(layout, incarnation)) return observeRunning(incarnation);
  const elsewhere = incarnation === undefined ? undefined : findElsewhere(layout, incarnation);
  if (elsewhere !== undefined) return { kind: "elsewhere", incarnation, elsewhere };
  const probe = probeInFolder(socketPathOf(layout, identity));
  if (probe.liveness === "live") return { kind: "other", incarnation, pid: probe.pid };
  return probe.liveness === "dead" ? { kind: "gone", incarnation } : { kind: "unknown" };
}

function observeRunning(incarnation: Running): ServerState {
  if (whyNotSocketFolder(dirname(incarnation.socket)) !== undefined) return { kind: "unknown" };
  const probe = probeSocket(incarnation.socket);
  if (probe.liveness === "unknown") return { kind: "hung", incarnation };
  if (isFrom(incarnation, probe)) return { kind: "ours", incarnation };
  const elsewhere = findOtherMount(incarnation);
  return { kind: "unreachable", incarnation, ...(elsewhere !== undefined && { elsewhere }) };
}

/** True when the very server of an incarnation accepts connections on its socket, in a folder that can be trusted. */
export function answers(incarnation: Running): boolean {
  return isFrom(incarnation, probeInFolder(incarnation.socket));
}

function isFrom({ server }: Running, probe: Probe): boolean {
  return probe.liveness === "live" && probe.pid === server.pid;
}

function probeInFolder(socket: string): Probe {
  return whyNotSocketFolder(dirname(socket)) === undefined ? probeSocket(socket) : { liveness: "unknown" };
}

const NOBODY_THERE: ReadonlySet<number> = new Set([
  constants.errno.ECONNREFUSED,
  constants.errno.ENOENT,
  constants.errno.ENAMETOOLONG,
]);

/**
 * Connects to a socket and hangs up at once. A refusal, a missing file or a path that is too long means dead. A full queue, as of a
 * server that hangs, or a missing permission means unknown. Bun's own connect reports all of these as ENOENT.
 */
export function probeSocket(path: string): Probe {
  const answer = tryConnect(path);
  if ("pid" in answer) return { liveness: "live", pid: answer.pid };
  return { liveness: NOBODY_THERE.has(answer.errno) ? "dead" : "unknown" };
}

/** The identities that have a socket in a folder, sorted; none where the folder is missing or cannot be trusted. */
export function listSocketIdentities(folder: string): string[] {
  const names = [...(listSockets(folder) ?? [])].map((name) => /^tmux-iap-(.+)\.sock$/.exec(name)?.[1] ?? "");
  return names.filter((name) => parseIdentity(name) !== undefined).toSorted();
}

/** The names of the sockets in a folder, none where it is missing; undefined when it cannot be read or trusted. */
function listSockets(folder: string): ReadonlySet<string> | undefined {
  if (whyNotSocketFolder(folder) !== undefined) return undefined;
  try {
    return new Set(readdirSync(folder).filter((name) => name.endsWith(".sock")));
  } catch (error) {
    return errnoOf(error) === "ENOENT" ? new Set() : undefined;
  }
}
