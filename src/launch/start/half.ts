import { rmSync } from "node:fs";
import type { Host } from "../../core/host.ts";
import type { ProcessId } from "../../core/process/process-table.ts";
import { withDescendants } from "../../core/process/process-tree.ts";
import { listProcesses } from "../../core/process/processes.ts";
import { terminate } from "../../core/process/terminate.ts";
import { incarnationPaths, pointerPath, readCurrent } from "../../status/incarnation/incarnation.ts";
import { writeClaim } from "../claim.ts";
import { endSession } from "../end/end.ts";
import { hasRecorder, readCanaryRecord } from "../recorder/recorder.ts";
import { identifyServer } from "../identify.ts";
import { forgetIncarnation } from "../session/session.ts";

const TERMINATE_MS = 1000;
const KILLED_MS = 2000;

/**
 * Ends what a launch left that ran out of something half-way. It never throws: the launch's own failure is the one to report, and the next
 * launch ends the rest.
 */
export async function endHalf(identity: string, host: Host): Promise<void> {
  try {
    const state = await identifyServer(identity, host);
    if (state.kind === "ours") await endSession(state.incarnation, { reason: "launch-failed" }, host);
  } catch {
    // Without a descriptor tmux cannot be called.
    await endByForce(identity, host).catch(() => undefined);
  }
}

/** Ends a server of the identity's own, with all below it, by signals alone. A shared server is left to the next launch. */
async function endByForce(identity: string, { layout, now }: Host): Promise<void> {
  const current = readCurrent(layout, identity);
  if (current === undefined || current.shared) return;
  const paths = incarnationPaths(layout, identity, current.incarnation);
  writeClaim(paths, "launch-failed", now());
  const recorder = hasRecorder(paths) ? readCanaryRecord(paths)?.recorder : undefined;
  const table = listProcesses();
  const roots = table.filter((one) => isSame(one, recorder) || isSame(one, current.server));
  const left = await terminate(withDescendants(roots, table), { termMs: TERMINATE_MS, killMs: KILLED_MS });
  if (left.length > 0) return;
  rmSync(current.socket, { force: true });
  rmSync(pointerPath(layout, identity), { force: true });
  forgetIncarnation(layout, current);
}

function isSame(one: ProcessId, other: ProcessId | null | undefined): boolean {
  return one.pid === other?.pid && one.start === other.start;
}
