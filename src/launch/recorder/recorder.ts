import { closeSync } from "node:fs";
import { writeAtomically } from "../../core/disk/atomic-write.ts";
import { isHeld, tryHold } from "../../core/disk/lock.ts";
import { goodState, readState, type StateFile, writeState } from "../../core/disk/state-file.ts";
import { inspectTrusted } from "../../core/disk/trust.ts";
import { type Host, logDecision } from "../../core/host.ts";
import { readVariable } from "../../core/variables.ts";
import type { Env } from "../../core/layout.ts";
import { closeChildStdin, writeToChild } from "../../core/process/child-stdin.ts";
import { terminate } from "../../core/process/terminate.ts";
import type { ProcessId } from "../../core/process/process-table.ts";
import { isProcessId, readProcess } from "../../core/process/processes.ts";
import { checkFields, oneOf, required, TEXT } from "../../core/text/fields.ts";
import type { Tmux } from "../../core/tmux.ts";
import type { Incarnation, IncarnationPaths } from "../../status/incarnation/types.ts";
import { incarnationPaths } from "../../status/incarnation/incarnation.ts";
import { type CanaryScript, renderCanaryScript, scriptOf, socketOf } from "./script.ts";
import type { CanaryRecord, Origin, Witness } from "./types.ts";

const recordFile: StateFile<CanaryRecord> = {
  what: "the canary's record",
  check: checkFields<CanaryRecord>({
    version: required(oneOf(1)),
    recorder: required({ isRight: isProcessId, otherwise: "is not a process" }),
    witness: required(oneOf("parent", "client")),
    since: required(TEXT),
    origin: required(oneOf("launch", "retrofit", "manual")),
  }),
};

/** The record of the last arming; undefined when there was none, or when it does not read. */
export function readCanaryRecord({ canary }: IncarnationPaths): CanaryRecord | undefined {
  return goodState(readState(canary, recordFile));
}

/** Tells whether an incarnation has a living recorder. The recorder's lock proves it; a pid or a command line proves nothing. */
export function hasRecorder({ lock }: IncarnationPaths): boolean {
  return isHeld(lock);
}

/** The socket that an incarnation's script is for; undefined where the script is missing, or cannot be trusted. */
export function readSocket({ script }: IncarnationPaths): string | undefined {
  const reading = inspectTrusted(script, { what: "the recorder's script" });
  return reading.kind === "found" ? socketOf(reading.bytes.toString("utf8")) : undefined;
}

const GRACE_MS = 2000;

/** How long a recorder waits for a claim after its server ended: `$IAPEER_CANARY_GRACE_MS`, else two seconds. */
export function graceFrom(env: Env): number {
  return readVariable(env, "IAPEER_CANARY_GRACE_MS") ?? GRACE_MS;
}

/** How a recorder is to watch its server. */
export type Watching = Pick<CanaryScript, "witness" | "readyChannel" | "launcher">;

/**
 * The recorder's script for one incarnation.
 *
 * @throws IapeerError `tmux-missing`.
 */
export function renderRecorderFor(
  incarnation: Incarnation,
  watching: Watching,
  { layout, env, tmux }: Pick<Host, "layout" | "env" | "tmux">,
): string {
  const surroundings = { layout, platform: process.platform, tmux: tmux.path, graceMs: graceFrom(env) };
  return renderCanaryScript({ ...watching, ...scriptOf(incarnation), ...surroundings });
}

/** The incarnation that a recorder is for, and why it is armed. */
export interface Recording {
  readonly incarnation: Incarnation;
  readonly origin: Origin;
  readonly host: Host;
}

/** How a recorder starts. */
export interface RecorderStart extends Watching {
  /** The environment of the recorder, and of a server that is its child. */
  readonly environment: Env;
}

/**
 * Starts a recorder's script in a session of its own. A recorder that is the parent hands the server's lock on to its server, and keeps
 * none of it. The script waits until its pid is written down, so that a process that finds the lock
 * held knows which process to end. If this process is killed in between, the script ends by itself.
 *
 * @returns undefined when another recorder holds the lock.
 */
export function startRecorder(
  { environment, ...watching }: RecorderStart,
  { incarnation, origin, host }: Recording,
): ProcessId | undefined {
  const paths = incarnationPaths(host.layout, incarnation.identity, incarnation.incarnation);
  const lock = tryHold(paths.lock);
  if (lock === undefined) return undefined;
  const serverLock = watching.witness === "parent" ? tryHold(paths.serverLock) : undefined;
  try {
    writeAtomically(paths.script, renderRecorderFor(incarnation, watching, host));
    const child = Bun.spawn(["/bin/sh", paths.script], {
      stdio: ["pipe", "ignore", "ignore", lock, ...(serverLock === undefined ? [] : [serverLock])],
      cwd: "/",
      env: { ...environment },
      detached: true,
    });
    child.unref();
    const started = readProcess(child.pid);
    if (started === undefined) throw new Error("the recorder ended at once");
    const recorder = { pid: started.pid, start: started.start };
    const record = { version: 1, recorder, witness: watching.witness, since: host.now().toISOString(), origin } as const;
    writeState(paths.canary, record, recordFile);
    writeToChild(child.stdin, "go\n");
    closeChildStdin(child.stdin);
    return recorder;
  } finally {
    closeSync(lock);
    if (serverLock !== undefined) closeSync(serverLock);
  }
}

/** Writes to lifecycle.log that a server is watched from now on. */
export function noteArming(
  server: ProcessId,
  recorder: ProcessId,
  { incarnation: { identity }, witness, origin, host }: Recording & { readonly witness: Witness },
): void {
  const pids = { server_pid: server.pid, recorder_pid: recorder.pid };
  logDecision(host, { ev: "canary", identity, state: "armed", origin, witness, ...pids });
}

/** How long a recorder may take to end after TERM, and again after KILL. */
const END_MS = 2000;
const SIGNAL_MS = 1000;

/**
 * Ends the recorder of an incarnation, and no other process: the recorder that was written down, while it holds the lock. The claim on
 * the end must be written first.
 *
 * @returns whether there was a recorder.
 */
export async function dismissRecorder(
  incarnation: Incarnation,
  { layout, tmux }: Pick<Host, "layout" | "tmux">,
): Promise<boolean> {
  const paths = incarnationPaths(layout, incarnation.identity, incarnation.incarnation);
  if (!hasRecorder(paths)) return false;
  const record = readCanaryRecord(paths);
  if (record === undefined) return false;
  // This also frees a client whose recorder was killed.
  if (record.witness === "client") await wakeRecorder(incarnation, tmux);
  await endRecorder(record.recorder);
  return true;
}

/**
 * The tmux arguments that wake the client of an incarnation's recorder, so that the recorder looks again. No other client waits on the
 * channel, and another server on that socket is left alone.
 */
export function planWake({ incarnation, server }: Pick<Incarnation, "incarnation"> & { readonly server: ProcessId }): string[] {
  return ["if-shell", "-F", `#{==:#{pid},${server.pid}}`, `wait-for -S iap-canary-${incarnation}`];
}

/** Makes the recorder of an incarnation look again. It may have missed the end of a session whose server goes on. */
export async function wakeRecorder({ server, ...incarnation }: Incarnation, tmux: Tmux): Promise<void> {
  if (server !== null) await tmux.call(incarnation.socket, planWake({ ...incarnation, server }), { timeoutMs: SIGNAL_MS });
}

/** Ends a recorder: TERM first, then KILL. */
export async function endRecorder(recorder: ProcessId): Promise<void> {
  await terminate([recorder], { termMs: END_MS, killMs: END_MS });
}
