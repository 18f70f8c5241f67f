import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { isHeld } from "../../core/disk/lock.ts";
import { callOf, parseIdentity } from "../../model/names.ts";
import { type Layout } from "../../core/layout.ts";
import { until } from "../../core/process/poll.ts";
import { isRunning } from "../../core/process/processes.ts";
import { quoteForSh } from "../../core/text/quoting.ts";
import { lookForRefusal } from "../../core/disk/trust.ts";
import { hasLostAgent, isLiving, listIncarnations, listReadable, readCurrent } from "../../status/incarnation/incarnation.ts";
import { observeServer } from "../../status/liveness/liveness.ts";
import { findMisplaced } from "../../status/state-places.ts";
import type { CanaryRow } from "../canaries.ts";
import { failure, good, orGood, warning, warningOf } from "./check.ts";
import type { Check } from "./types.ts";
import { readStamp } from "../../launch/session/session.ts";
import { sessionElsewhere } from "../../launch/refusals.ts";
import { type DoctorHost, findDamagedOrNone } from "./incarnations.ts";
import { findUnrecorded } from "../../launch/unwitnessed.ts";
import { hasFittingPath } from "./sockets.ts";
import { hintForUnwatched } from "../../launch/canary/canary.ts";
import { socketPathOf } from "../../core/socket-path.ts";

/** A launch holds its identity's lock for more than a second. A process that holds one for longer than this stands still, or has much to do. */
const PATIENCE_MS = 2000;
const POLL_MS = 20;

/** Finds locks that are held and stay held while others may wait for them. */
export async function checkLocks(layout: Layout, signal: AbortSignal): Promise<readonly Check[]> {
  const held = locksOf(layout).filter(isHeld);
  let left = held;
  const areFree = () => {
    left = left.filter(isHeld);
    return left.length === 0;
  };
  await until(areFree, { timeoutMs: PATIENCE_MS, everyMs: POLL_MS, signal });
  const problems = left.map((path) =>
    warning(
      "locks",
      `${path} is held, and was not let go within ${PATIENCE_MS / 1000} s`,
      `see who holds it: fuser -v ${quoteForSh(path)} (a stopped process keeps its lock until it goes on or ends)`,
    ),
  );
  return orGood(problems, "locks", held.length === 0 ? "none is held" : `held for a moment: ${held.join(", ")}`);
}

/** All locks but that of supervise, which is held for as long as a supervise runs. */
function locksOf({ registryLock, stateFolder }: Layout): string[] {
  const own = namesIn(stateFolder).filter(
    (name) => name.endsWith(".lock") && parseIdentity(name.slice(0, -".lock".length)) !== undefined,
  );
  return [
    registryLock,
    join(dirname(stateFolder), "native-memory.lock"),
    ...own.toSorted().map((name) => join(stateFolder, name)),
  ];
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // Nothing was ever kept there, or the folder has a row of its own.
    return [];
  }
}

/** Checks that a lost canary would be replaced, and an end that no canary saw would be recorded. */
export function checkSupervise({ superviseLock }: Layout, servers: readonly CanaryRow[]): Check {
  if (isHeld(superviseLock)) return good("supervise", "one runs");
  const live = servers.filter(({ server_pid: pid }) => pid !== null).length;
  const hint = "have it run from now on: iapeer supervise --install";
  if (live === 0) return good("supervise", "none runs; no session is live that would need it", hint);
  return warning(
    "supervise",
    `none runs: of ${live} live ${live === 1 ? "server" : "servers"} a canary that is lost would not be replaced`,
    hint,
  );
}

/** Finds what stands in the place of a file about an identity, and is none. iapeer does nothing for such an identity. */
export function checkStatePlaces(layout: Layout, identities: readonly string[]): readonly Check[] {
  const known = new Set([...identities, ...listIncarnations(layout).keys()]);
  const locks = [layout.registryLock, layout.superviseLock, layout.fleetLock].flatMap(
    (path) => lookForRefusal(path, { what: "the lock" }) ?? [],
  );
  const misplaced = [
    ...locks.filter(({ kind }) => kind === "misplaced").map(({ error }) => error),
    ...[...known].flatMap((identity) => findMisplaced(layout, identity)),
  ];
  const problems = misplaced.map(({ message, hint }) => failure("state", message, hint));
  return orGood(problems, "state", "every file of the state is a file");
}

/** Finds ends that only the next look of supervise will record. */
export function checkUnrecorded(layout: Layout): readonly Check[] {
  const problems = findUnrecorded(layout).map((identity) =>
    warning("deaths", `a session of ${identity} ended, and nobody has recorded it yet`, "iapeer supervise --once"),
  );
  return orGood(problems, "deaths", "every end is recorded, or was wanted");
}

/** Finds agents that go on although their server is gone: no session shows them any more. */
export function checkLostAgents(layout: Layout): readonly Check[] {
  const lost = [...listIncarnations(layout).keys()].filter((identity) => hasLostAgent(layout, identity));
  const problems = lost.map((identity) =>
    warning(
      "agents",
      `an agent of ${identity} goes on although its server is gone`,
      `to end it: iapeer stop ${callOf(identity)}`,
    ),
  );
  return orGood(problems, "agents", "no agent goes on without its server");
}

/** Checks that the end of each live server would be recorded, and that each can be reached. */
export async function checkServers(host: DoctorHost, servers: readonly CanaryRow[]): Promise<readonly Check[]> {
  const { layout } = host;
  // No server can live on a socket whose path is too long. That is a row of its own.
  const possible = servers.filter(({ identity, server_pid: pid }) => pid !== null || hasFittingPath(layout, identity));
  const problems = (await Promise.all(possible.map(async (server) => await judgeServer(host, server)))).flat();
  const live = possible.length;
  const all = live === 0 ? "no server is live" : `${live} live ${live === 1 ? "server" : "servers"}, each with a canary`;
  return orGood(problems, "servers", all);
}

async function judgeServer(host: DoctorHost, server: CanaryRow): Promise<Check[]> {
  const { layout } = host;
  const { identity, server_pid: pid, armed, reason } = server;
  const state = observeServer(layout, identity);
  const { kind } = state;
  // That has its rows beside what is kept about sessions.
  if (kind === "elsewhere") return [];
  if (kind === "unreachable" && state.elsewhere !== undefined)
    return [warningOf("servers", sessionElsewhere(identity, state.elsewhere))];
  if (kind === "unknown" || pid === null) return [unknownServer(layout, identity)];
  if (kind === "other") return await foreignServer(host, identity, pid);
  const unreachable = warning(
    "servers",
    `the server of ${identity} (pid ${pid}) runs, but its socket is gone: nobody can reach it`,
    `have it make its socket anew: iapeer launch ${callOf(identity)}`,
  );
  const unwatched = warning(
    "servers",
    `the server of ${identity} (pid ${pid}) has no canary: ${reason ?? "why is not known"}`,
    hintForUnwatched(server),
  );
  return [...(kind === "unreachable" ? [unreachable] : []), ...(armed ? [] : [unwatched])];
}

function unknownServer(layout: Layout, identity: string): Check {
  const { server, socket } = readCurrent(layout, identity) ?? { server: null, socket: socketPathOf(layout, identity) };
  const message = `whether the server of ${identity} lives cannot be told: its socket ${socket} does not answer`;
  if (server === null || !isRunning(server)) return warning("servers", message);
  return warning(
    "servers",
    `${message}, and its process (pid ${server.pid}) runs`,
    `if it hangs for good: kill -s KILL ${server.pid}`,
  );
}

async function foreignServer(host: DoctorHost, identity: string, pid: number): Promise<Check[]> {
  const { layout, tmux } = host;
  // Then it is this root's, and has its row beside what is kept about sessions.
  if (isLivingHere(layout, identity, pid) || (await findDamagedOrNone(identity, host)).length > 0) return [];
  const message = `the server that answers for ${identity} (pid ${pid}) was not launched from this root`;
  const socket = socketPathOf(layout, identity);
  const stamp = await readStamp(socket, tmux).catch(() => undefined);
  if (stamp === "")
    return [
      warning(
        "servers",
        `${message}, and its end would not be recorded`,
        `have it watched: iapeer canary arm ${callOf(identity)}`,
      ),
    ];
  if (stamp === undefined)
    return [
      warning("servers", `${message}, and it does not say whose it is`, `look at it: ps -p ${pid} -o pid,user,lstart,args`),
    ];
  return [
    {
      ...warning(
        "servers",
        `${message} but from another, which has the same socket folder`,
        "give each root a socket folder of its own: IAPEER_SOCK_DIR; " +
          `if this root's files of it were lost, end it: iapeer stop ${callOf(identity)} --if-incarnation ${stamp}`,
      ),
      details: { identity, socket, server_pid: pid, incarnation: stamp },
    },
  ];
}

/** True for the server of a session that goes on, and that no file names as the current one. */
function isLivingHere(layout: Layout, identity: string, pid: number): boolean {
  return listReadable(layout, identity).some((one) => isLiving(layout, one) && one.server.pid === pid);
}
