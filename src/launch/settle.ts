import { closeSync, existsSync, rmSync } from "node:fs";
import { writeAtomically } from "../core/atomic-write.ts";
import { readBootId } from "../core/boot.ts";
import { readTail } from "../core/files.ts";
import { tryHold } from "../core/lock.ts";
import type { ProcessId } from "../core/process-table.ts";
import { isRunning } from "../core/processes.ts";
import { findTmux } from "../core/tmux.ts";
import { type Incarnation, type IncarnationPaths, incarnationPaths, listIncarnations, pointerPath, readCurrent, readIncarnation } from "../status/incarnation.ts";
import { graceFrom, renderCanaryScript } from "./canary/script.ts";
import { isSettled } from "./canary/claim.ts";
import { forgetIncarnation } from "./incarnation-store.ts";
import type { LaunchContext } from "./launch-context.ts";

/** What became of an incarnation: it lives or its recorder is at work, its end was recorded now, its end was settled before. */
export type Settling = "kept" | "recorded" | "forgotten";

/** A recorder's script is done within seconds, even where it waits for room on a full disk. */
const RECORD_MS = 90_000;

/** Settles every incarnation of an identity whose server is gone. The identity's lock must be held. */
export async function settleIncarnations(identity: string, context: LaunchContext): Promise<Settling[]> {
  const settlings: Settling[] = [];
  for (const incarnation of listIncarnations(context.layout).get(identity) ?? []) {
    settlings.push(await settleIncarnation(identity, incarnation, context));
  }
  return settlings;
}

/**
 * An end that nobody claimed and nobody recorded, because the recorder ended with its server, is recorded now; then what is kept about
 * the incarnation goes. While a recorder lives it is the recorder's to decide: both hold the same lock to write.
 */
async function settleIncarnation(identity: string, incarnation: string, context: LaunchContext): Promise<Settling> {
  const { layout } = context;
  const paths = incarnationPaths(layout, identity, incarnation);
  const saved = readIncarnation(layout, identity, incarnation);
  if (saved === undefined && existsSync(paths.session)) return "kept";
  if (saved?.server && isRunning(saved.server)) return "kept";
  const lock = tryHold(paths.lock);
  if (lock === undefined) return "kept";
  try {
    const isDeath = saved !== undefined && hasServer(saved) && !isSettled(paths) && !isInLog(layout.exitsLog, incarnation);
    if (isDeath && !(await recordUnwitnessed(saved, paths, context))) return "kept";
    forget({ identity, incarnation }, context);
    return isDeath ? "recorded" : "forgotten";
  } finally {
    closeSync(lock);
  }
}

function hasServer(incarnation: Incarnation): incarnation is Incarnation & { readonly server: ProcessId } {
  return incarnation.server !== null;
}

/** The recorder may have been killed between its line and its mark. */
function isInLog(exitsLog: string, incarnation: string): boolean {
  const WHOLE_LOG = 64 * 1024 * 1024;
  return [exitsLog, `${exitsLog}.1`].some((path) => readTail(path, WHOLE_LOG).includes(`incarnation=${incarnation}`));
}

/** The recorder's own script writes the record, so that there is one way to. Whether there is one now. */
async function recordUnwitnessed(saved: Incarnation & { readonly server: ProcessId }, paths: IncarnationPaths, context: LaunchContext): Promise<boolean> {
  const { layout, env } = context;
  const { identity, incarnation, socket, server, boot_id: bootId } = saved;
  const script = { layout, platform: process.platform, identity, incarnation, socket, tmux: findTmux(), witness: "client", server, graceMs: graceFrom(env) } as const;
  writeAtomically(paths.script, renderCanaryScript(script));
  const isOtherBoot = bootId !== "" && bootId !== readBootId();
  const argv = ["/bin/sh", paths.script, "unwitnessed", ...(isOtherBoot ? ["host-restart"] : [])];
  const child = Bun.spawn(argv, { stdio: ["ignore", "ignore", "ignore"], cwd: "/", timeout: RECORD_MS, killSignal: "SIGKILL" });
  await child.exited;
  return existsSync(paths.recorded);
}

function forget(gone: Pick<Incarnation, "identity" | "incarnation">, { layout }: LaunchContext): void {
  if (readCurrent(layout, gone.identity)?.incarnation === gone.incarnation) rmSync(pointerPath(layout, gone.identity), { force: true });
  forgetIncarnation(layout, gone);
}
