import { dirname } from "node:path";
import { whyNotSocketFolder } from "../core/disk/socket-folder.ts";
import type { Host } from "../core/host.ts";
import type { Layout } from "../core/layout.ts";
import { sharesPidNamespace } from "../core/process/pid-namespace.ts";
import type { ProcessId } from "../core/process/process-table.ts";
import { readProcess } from "../core/process/processes.ts";
import { socketPathOf } from "../core/socket-path.ts";
import type { Tmux } from "../core/tmux.ts";
import { incarnationPaths, listDamaged, listHeld } from "../status/incarnation/incarnation.ts";
import type { Running } from "../status/incarnation/types.ts";
import { probeSocket } from "../status/liveness/liveness.ts";
import { readSocket } from "./recorder/recorder.ts";
import { readAgentPane, readOrigin, readStamp } from "./session/session.ts";
import { renderIsOurs } from "./stamp.ts";

/** An incarnation whose state is missing or does not read, and which goes on or may go on. */
export interface Damaged {
  readonly kind: "damaged";
  /** Its UUID, by the name of its folder. */
  readonly incarnation: string;
  /** The file of its state. */
  readonly path: string;
  /** The session as its server tells it, with the incarnation's own stamp. Left out: no server with that stamp answers. */
  readonly found?: Running;
}

type DamagedHost = Pick<Host, "layout" | "tmux">;

/**
 * Finds the incarnations of an identity that go on without a state that reads. Each is looked for on the identity's own socket and on the
 * one that its recorder's script names. The stamp on the server decides, and no other server is touched.
 */
export async function findDamaged(identity: string, { layout, tmux }: DamagedHost): Promise<Damaged[]> {
  const damaged = listDamaged(layout, identity);
  if (damaged.length === 0) return [];
  const held = new Set(listHeld(layout, identity));
  const found = damaged.map(async (incarnation): Promise<Damaged[]> => {
    const base = { kind: "damaged", incarnation, path: incarnationPaths(layout, identity, incarnation).session } as const;
    for (const socket of listSockets({ identity, incarnation }, layout)) {
      const isShared = socket !== socketPathOf(layout, identity);
      const running = await findStamped({ identity, incarnation, socket, ...(isShared && { shared: true }) }, tmux);
      if (running !== undefined) return [{ ...base, found: running }];
    }
    return held.has(incarnation) ? [base] : [];
  });
  return (await Promise.all(found)).flat();
}

/** The session with a stamp that a person names, on the identity's own socket; undefined where no server there has it. */
export async function findByStamp(wanted: Wanted, { layout, tmux }: DamagedHost): Promise<Running | undefined> {
  return await findStamped({ ...wanted, socket: socketPathOf(layout, wanted.identity) }, tmux);
}

type Wanted = Pick<Running, "identity" | "incarnation">;

function listSockets({ identity, incarnation }: Wanted, layout: Layout): Set<string> {
  const named = readSocket(incarnationPaths(layout, identity, incarnation));
  const sockets = [socketPathOf(layout, identity), ...(named === undefined ? [] : [named])];
  return new Set(sockets.filter((socket) => whyNotSocketFolder(dirname(socket)) === undefined));
}

/** The session with an incarnation's stamp on a socket: on a server of its own, or on a shared one, which is never taken for its own. */
async function findStamped(wanted: Wanted & Pick<Running, "socket" | "shared">, tmux: Tmux): Promise<Running | undefined> {
  const server = findListener(wanted.socket);
  if (server === undefined) return undefined;
  // On a shared server the stamp would be that of any session.
  const hasStamp = wanted.shared
    ? await hasStampedSession(wanted, tmux)
    : (await readStamp(wanted.socket, tmux)) === wanted.incarnation;
  if (!hasStamp) return undefined;
  const session: Running = {
    version: 1,
    ...wanted,
    launched_at: new Date().toISOString(),
    ...readOrigin(),
    server,
    pane: null,
  };
  return { ...session, pane: (await readAgentPane(session, tmux)) ?? null };
}

/** The process that listens on a socket, where it has its number in this PID namespace. */
function findListener(socket: string): ProcessId | undefined {
  const probe = probeSocket(socket);
  const found = probe.liveness === "live" ? readProcess(probe.pid) : undefined;
  return found !== undefined && sharesPidNamespace(found.pid) ? { pid: found.pid, start: found.start } : undefined;
}

async function hasStampedSession({ socket, incarnation }: Wanted & Pick<Running, "socket">, tmux: Tmux): Promise<boolean> {
  const sessions = await tmux.call(socket, ["list-sessions", "-f", renderIsOurs(incarnation), "-F", "#{session_id}"]);
  return sessions.ok && sessions.stdout !== "";
}
