import { closeSync } from "node:fs";
import { writeAtomically } from "../../core/disk/atomic-write.ts";
import { tryHold } from "../../core/disk/lock.ts";
import type { ProcessId } from "../../core/process/process-table.ts";
import { isRunning, readProcess } from "../../core/process/processes.ts";
import { randomHex } from "../../core/text/random.ts";
import { signalProcess } from "../../core/process/signals.ts";
import type { Env } from "../../core/layout.ts";
import { callTmux, findTmux, withoutTmux } from "../../core/tmux.ts";
import { incarnationPaths } from "../../status/incarnation/incarnation.ts";
import type { Incarnation, IncarnationPaths } from "../../status/incarnation/types.ts";
import { hasRecorder, type Origin, readCanaryRecord, writeCanaryRecord } from "../session/recorder.ts";
import { type CanaryScript, graceFrom, planWake, renderCanaryScript, scriptOf, type Witness } from "./script.ts";
import { type Host, logDecision } from "../../core/host.ts";
import { isGoneWithin } from "../../core/process/process-end.ts";

/** `armed` now, `already` armed by somebody, or `failed` and why. */
export type Arming = { readonly outcome: "armed" | "already-armed" } | { readonly outcome: "failed"; readonly why: string };

/** How long a client may take to say that it waits. */
const READY_MS = 3000;

/**
 * Gives a server that runs a recorder, which waits for its end through a client of tmux. The identity's lock must be held.
 * Never throws: a server without a canary is better than none.
 */
export async function armCanary(
  incarnation: Incarnation & { readonly server: ProcessId },
  origin: Origin,
  host: Host,
): Promise<Arming> {
  const { layout, env } = host;
  const paths = incarnationPaths(layout, incarnation.identity, incarnation.incarnation);
  try {
    if (hasRecorder(paths)) return { outcome: "already-armed" };
    if (incarnation.shared && incarnation.pane === null)
      return { outcome: "failed", why: "its launch was killed half-way; stop it, or launch it again" };
    const readyChannel = `iap-ready-${randomHex(8)}`;
    const watching = { witness: "client", readyChannel, environment: withoutTmux(env) } as const;
    const recorder = startRecorder(watching, { incarnation, origin, host });
    if (recorder === undefined) return { outcome: "already-armed" };
    const ready = await callTmux(incarnation.socket, ["wait-for", readyChannel], { timeoutMs: READY_MS });
    if (!ready.ok) {
      await endRecorder(recorder);
      return { outcome: "failed", why: `its client could not wait: ${ready.why}` };
    }
    noteArming(incarnation.server, recorder, { incarnation, witness: "client", origin, host });
    return { outcome: "armed" };
  } catch (error) {
    return { outcome: "failed", why: error instanceof Error ? error.message : String(error) };
  }
}

/** Says in lifecycle.log that a server is watched from now on. */
export function noteArming(
  server: ProcessId,
  recorder: ProcessId,
  { incarnation, witness, origin, host }: Recording & { readonly witness: Witness },
): void {
  const { identity } = incarnation;
  logDecision(host, {
    ev: "canary",
    identity,
    state: "armed",
    origin,
    witness,
    server_pid: server.pid,
    recorder_pid: recorder.pid,
  });
}

interface Recording {
  readonly incarnation: Incarnation;
  readonly origin: Origin;
  readonly host: Host;
}

interface Watching extends Pick<CanaryScript, "witness" | "readyChannel" | "launcher"> {
  /** Of the recorder, and of the server where that is its child. */
  readonly environment: Env;
}

/**
 * Starts a recorder's script in a session of its own. It waits until its pid is written down, so that whoever finds its lock held
 * knows whom to ask to end; if this process is killed in between, it ends by itself.
 *
 * @returns undefined when another recorder holds the lock.
 */
export function startRecorder(
  { environment, ...watching }: Watching,
  { incarnation, origin, host }: Recording,
): ProcessId | undefined {
  const { layout, env, now } = host;
  const paths = incarnationPaths(layout, incarnation.identity, incarnation.incarnation);
  const lock = tryHold(paths.lock);
  if (lock === undefined) return undefined;
  try {
    const script = {
      ...watching,
      ...scriptOf(incarnation),
      layout,
      platform: process.platform,
      tmux: findTmux(),
      graceMs: graceFrom(env),
    };
    writeAtomically(paths.script, renderCanaryScript(script));
    const child = Bun.spawn(["/bin/sh", paths.script], {
      stdio: ["pipe", "ignore", "ignore", lock],
      cwd: "/",
      env: { ...environment },
      detached: true,
    });
    child.unref();
    const started = readProcess(child.pid);
    if (started === undefined) throw new Error("the recorder ended at once");
    const recorder = { pid: started.pid, start: started.start };
    writeCanaryRecord(paths, { version: 1, recorder, witness: watching.witness, since: now().toISOString(), origin });
    void child.stdin.write("go\n");
    void child.stdin.end();
    return recorder;
  } finally {
    closeSync(lock);
  }
}

/** What a recorder that was asked may take to end, and after it was killed. */
const DISMISS_MS = 2000;
const SIGNAL_MS = 1000;

/**
 * Ends the recorder of an incarnation, and no other process: the one that was written down, while it holds the lock. What claims the
 * end must be written before.
 *
 * @returns whether there was one.
 */
export async function dismissRecorder(incarnation: Incarnation, { layout }: Pick<Host, "layout">): Promise<boolean> {
  const paths = incarnationPaths(layout, incarnation.identity, incarnation.incarnation);
  if (!hasRecorder(paths)) return false;
  const record = readCanaryRecord(paths);
  if (record === undefined) return false;
  // It also sets free a client whose recorder was killed.
  if (record.witness === "client") await wakeRecorder(incarnation);
  await endRecorder(record.recorder);
  return true;
}

/** Has the recorder of an incarnation look what there is: it may have missed the end of a session on a server that goes on. */
export async function wakeRecorder({ server, ...incarnation }: Incarnation): Promise<void> {
  if (server !== null) await callTmux(incarnation.socket, planWake({ ...incarnation, server }), { timeoutMs: SIGNAL_MS });
}

/** Asks a recorder to end, and makes it. */
export async function endRecorder(recorder: ProcessId): Promise<void> {
  signalProcess(recorder, "SIGTERM");
  // A stopped process takes no TERM.
  signalProcess(recorder, "SIGCONT");
  if (await isGoneWithin(recorder, DISMISS_MS)) return;
  signalProcess(recorder, "SIGKILL");
  await isGoneWithin(recorder, DISMISS_MS);
}

/** One server's canary, as `canary status` has it. */
export interface CanaryState {
  readonly armed: boolean;
  readonly witness: Witness | null;
  readonly recorder_pid: number | null;
  readonly since: string | null;
  /** Why it is not armed. */
  readonly reason?: string;
}

/** Whether a server's end would be recorded now, by whom, and if not why not. */
export function readCanaryState(paths: IncarnationPaths, claimant: string | undefined): CanaryState {
  const record = readCanaryRecord(paths);
  const none = { armed: false, witness: null, recorder_pid: null, since: null } as const;
  if (hasRecorder(paths)) {
    if (record === undefined) return { ...none, reason: "a recorder holds its lock, but nothing tells who it is" };
    return { armed: true, witness: record.witness, recorder_pid: record.recorder.pid, since: record.since };
  }
  if (claimant === "dismiss") return { ...none, reason: "dismissed" };
  if (claimant !== undefined) return { ...none, reason: `its end was claimed by ${claimant}` };
  if (record === undefined) return { ...none, reason: "never armed" };
  const what = isRunning(record.recorder) ? "let go of its lock" : "is gone";
  return { ...none, reason: `its recorder (pid ${record.recorder.pid}) ${what}` };
}
