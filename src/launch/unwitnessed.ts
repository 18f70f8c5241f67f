import { closeSync, existsSync, rmSync } from "node:fs";
import { writeAtomically } from "../core/disk/atomic-write.ts";
import { appendEvent, rotationFrom } from "../core/disk/event-log.ts";
import { tryHold } from "../core/disk/lock.ts";
import type { Host } from "../core/host.ts";
import type { Layout } from "../core/layout.ts";
import { readBootId } from "../core/process/boot-id.ts";
import { until } from "../core/process/poll.ts";
import type { ProcessId } from "../core/process/process-table.ts";
import { isRunning } from "../core/process/processes.ts";
import { signalProcess } from "../core/process/signals.ts";
import { withoutTmux } from "../core/tmux.ts";
import { IapeerError } from "../model/errors.ts";
import { readDeaths } from "../status/deaths/deaths.ts";
import { findElsewhere } from "../status/elsewhere.ts";
import type { Incarnation, IncarnationPaths } from "../status/incarnation/types.ts";
import {
  incarnationPaths,
  isAgentRunning,
  isLiving,
  isServerRunning,
  listIncarnations,
  pointerPath,
  readCurrent,
  readIncarnation,
  saveIncarnation,
} from "../status/incarnation/incarnation.ts";
import { isSettled } from "./claim.ts";
import { findDamaged } from "./damaged.ts";
import { graceFrom, hasRecorder, renderRecorderFor, wakeRecorder } from "./recorder/recorder.ts";
import { takePen } from "./pen.ts";
import { forgetIncarnation, hasSession, readAgentPane } from "./session/session.ts";

/**
 * The outcome for one incarnation. `kept`: it lives, or its recorder is at work. `recorded`: its end was recorded now. `forgotten`: its
 * end was settled before. `failed`: its end could not be recorded.
 */
export type Settling = "kept" | "recorded" | "forgotten" | "failed";

const RECORD_MS = 20_000;

/** The identities with an end that is neither claimed nor recorded, and that no recorder is at. The next `supervise` records it. */
export function findUnrecorded(layout: Layout): string[] {
  const isUnrecorded = (identity: string, uuid: string) => {
    const saved = readIncarnation(layout, identity, uuid);
    const paths = incarnationPaths(layout, identity, uuid);
    if (saved === undefined || !hadSession(saved) || isSettled(paths) || hasRecorder(paths)) return false;
    return !isLiving(layout, saved) && findElsewhere(layout, saved) === undefined;
  };
  return [...listIncarnations(layout)]
    .filter(([identity, uuids]) => uuids.some((uuid) => isUnrecorded(identity, uuid)))
    .map(([identity]) => identity);
}

/** Settles every incarnation of an identity of which nothing is left. The identity's lock must be held. */
export async function settleIncarnations(identity: string, host: Host): Promise<Settling[]> {
  const settlings: Settling[] = [];
  for (const incarnation of listIncarnations(host.layout).get(identity) ?? []) {
    settlings.push(await settleIncarnation(identity, incarnation, host));
  }
  return settlings;
}

/**
 * Records an end that is neither claimed nor recorded because the recorder ended too, and then removes the incarnation's files. A living
 * recorder decides itself: each holds the same lock while it writes.
 */
async function settleIncarnation(identity: string, incarnation: string, host: Host): Promise<Settling> {
  const { layout } = host;
  const paths = incarnationPaths(layout, identity, incarnation);
  const saved = readIncarnation(layout, identity, incarnation);
  if (saved === undefined && (existsSync(paths.session) || (await isDamaged(identity, incarnation, host)))) return "kept";
  // Nothing is known of an end that cannot be seen from here.
  if (saved !== undefined && findElsewhere(layout, saved) !== undefined) return "kept";
  if (saved !== undefined && (await hasSession(saved, host.tmux))) return "kept";
  const lock = tryHold(paths.lock);
  if (lock === undefined) {
    // The recorder may have missed the end of a session whose server goes on.
    if (saved?.shared && isServerRunning(saved)) await wakeRecorder(saved, host.tmux);
    return "kept";
  }
  try {
    const mayBeDeath = saved !== undefined && hadSession(saved) && !isSettled(paths);
    const isLogged = mayBeDeath && isInLog(layout, incarnation);
    if (isLogged === "unknown") return "failed";
    const isDeath = mayBeDeath && !isLogged;
    if (isDeath && !(await recordUnwitnessed({ saved, paths, lock }, host))) return "failed";
    // These files are the only trace of an agent that lives on without a server.
    if (saved !== undefined && isAgentRunning(saved)) return isDeath ? "recorded" : "kept";
    forget({ identity, incarnation }, layout);
    return isDeath ? "recorded" : "forgotten";
  } finally {
    closeSync(lock);
  }
}

/** Tells whether an incarnation goes on whose state was taken away. */
async function isDamaged(identity: string, incarnation: string, host: Host): Promise<boolean> {
  return (await findDamaged(identity, host)).some((one) => one.incarnation === incarnation);
}

/** Tells whether a session ever stood. A launch that was killed may have got no further than a shared server, which is not its own. */
function hadSession(incarnation: Incarnation): incarnation is Incarnation & { readonly server: ProcessId } {
  return incarnation.server !== null && (!incarnation.shared || incarnation.pane !== null);
}

/**
 * Tells whether exits.log has the end already: a recorder may be killed after it wrote the line and before it wrote the mark. A log that
 * cannot be trusted does not tell, and takes no record.
 */
function isInLog(layout: Pick<Layout, "exitsLog">, incarnation: string): boolean | "unknown" {
  try {
    return readDeaths(layout).some((death) => death.incarnation === incarnation);
  } catch (error) {
    if (error instanceof IapeerError) return "unknown";
    throw error;
  }
}

interface Unwitnessed {
  readonly saved: Incarnation & { readonly server: ProcessId };
  readonly paths: IncarnationPaths;
  /** The lock's descriptor. The script inherits it, so that the lock is held while the script writes, even if this process ends. */
  readonly lock: number;
}

/** Has the recorder's own script write the record, so that there is one way to write one. Tells whether there is a record now. */
async function recordUnwitnessed({ saved, paths, lock }: Unwitnessed, host: Host): Promise<boolean> {
  const { boot_id: bootId } = saved;
  writeAtomically(paths.script, renderRecorderFor(saved, { witness: "client" }, host));
  const isOtherBoot = bootId !== "" && bootId !== readBootId();
  const argv = ["/bin/sh", paths.script, "unwitnessed", ...(isOtherBoot ? ["host-restart"] : [])];
  const child = Bun.spawn(argv, {
    stdio: ["ignore", "ignore", "ignore", lock],
    cwd: "/",
    env: withoutTmux(host.env),
    timeout: RECORD_MS,
    killSignal: "SIGKILL",
  });
  await child.exited;
  return existsSync(paths.recorded);
}

function forget(gone: Pick<Incarnation, "identity" | "incarnation">, layout: Layout): void {
  if (readCurrent(layout, gone.identity)?.incarnation === gone.incarnation)
    rmSync(pointerPath(layout, gone.identity), { force: true });
  forgetIncarnation(layout, gone);
}

/** How long a recorder takes to decide, beside its grace. */
const DECIDE_MS = 5000;

/**
 * Records the end of an agent whose server lives on, where no hook could: a person killed its pane or window, or the hook itself was cut
 * short. A pane that a person respawned is still the agent's.
 *
 * @returns whether an end was recorded.
 */
export async function recordLostAgent(incarnation: Incarnation & { readonly server: ProcessId }, host: Host): Promise<boolean> {
  const { layout, env } = host;
  const { pane, identity, server } = incarnation;
  if (pane === null || isRunning(pane)) return false;
  const found = await readAgentPane(incarnation, host.tmux);
  // A server that does not answer now may tell later.
  if (found === undefined) return false;
  if (found !== null) {
    saveIncarnation(layout, { ...incarnation, pane: found });
    return false;
  }
  const paths = incarnationPaths(layout, identity, incarnation.incarnation);
  // The server may have missed the end. The hook may be at it, or the recorder of a session on a shared server.
  signalProcess(server, "SIGCHLD");
  if (incarnation.shared && hasRecorder(paths)) await wakeRecorder(incarnation, host.tmux);
  const patienceMs = graceFrom(env) + (incarnation.shared && hasRecorder(paths) ? DECIDE_MS : 0);
  if (await until(() => isSettled(paths) || !isRunning(server), { timeoutMs: patienceMs })) return false;
  if (!takePen(paths)) return false;
  const isKnown = readDeaths(layout).some((death) => death.incarnation === incarnation.incarnation);
  if (!isKnown) appendLostAgent({ ...incarnation, pane }, host);
  writeAtomically(paths.recorded, "");
  return !isKnown;
}

function appendLostAgent(
  { identity, incarnation, pane, server }: Incarnation & { readonly server: ProcessId; readonly pane: ProcessId },
  { layout, env, now }: Host,
): void {
  const unknown = { dead_status: "", dead_signal: "", cause: "unwitnessed" };
  const death = { ev: "session-exit", identity, ...unknown, pane_pid: pane.pid, server_pid: server.pid, incarnation };
  appendEvent({ path: layout.exitsLog, rotation: rotationFrom(env) }, death, now());
}
