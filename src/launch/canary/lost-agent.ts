import { writeAtomically } from "../../core/disk/atomic-write.ts";
import { appendEvent, rotationFrom } from "../../core/disk/event-log.ts";
import type { ProcessId } from "../../core/process/process-table.ts";
import { isRunning } from "../../core/process/processes.ts";
import { signalProcess } from "../../core/process/signals.ts";
import { incarnationPaths, saveIncarnation } from "../../status/incarnation/incarnation.ts";
import type { Incarnation } from "../../status/incarnation/types.ts";
import { wakeRecorder } from "./canary.ts";
import { hasRecorder } from "../session/recorder.ts";
import { graceFrom } from "./script.ts";
import { isSettled } from "./claim.ts";
import { readAgentPane } from "../session/session.ts";
import type { Host } from "../../core/host.ts";
import { isInLog } from "./settle.ts";
import { isTrueWithin } from "../../core/process/process-end.ts";

/** What a recorder takes beside its grace. */
const DECIDE_MS = 5000;

/**
 * Records the end of an agent whose server lives on without it, where no hook could: somebody killed its pane or window, or the hook
 * itself did not get to its end. A pane that a person made run anew is the agent's still.
 *
 * @returns whether an end was recorded.
 */
export async function recordLostAgent(incarnation: Incarnation & { readonly server: ProcessId }, host: Host): Promise<boolean> {
  const { layout, env, now } = host;
  const { pane, identity, server } = incarnation;
  if (pane === null || isRunning(pane)) return false;
  const found = await readAgentPane(incarnation);
  // A server that does not answer may tell later what became of it.
  if (found === undefined) return false;
  if (found !== null) {
    saveIncarnation(layout, { ...incarnation, pane: found });
    return false;
  }
  const paths = incarnationPaths(layout, identity, incarnation.incarnation);
  // The server may have missed its end; the hook may be at it, or on a server that others use too the recorder.
  signalProcess(server, "SIGCHLD");
  if (incarnation.shared && hasRecorder(paths)) await wakeRecorder(incarnation);
  const patienceMs = graceFrom(env) + (incarnation.shared && hasRecorder(paths) ? DECIDE_MS : 0);
  if (await isTrueWithin(() => isSettled(paths) || !isRunning(server), patienceMs)) return false;
  if (isInLog(layout, incarnation.incarnation)) {
    writeAtomically(paths.recorded, "");
    return false;
  }
  const death = {
    ev: "session-exit",
    identity,
    dead_status: "",
    dead_signal: "",
    cause: "unwitnessed",
    pane_pid: pane.pid,
    server_pid: server.pid,
  };
  appendEvent({ path: layout.exitsLog, rotation: rotationFrom(env) }, { ...death, incarnation: incarnation.incarnation }, now());
  writeAtomically(paths.recorded, "");
  return true;
}
