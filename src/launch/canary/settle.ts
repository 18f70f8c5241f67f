import { closeSync, existsSync, rmSync } from "node:fs";
import { writeAtomically } from "../../core/disk/atomic-write.ts";
import { readBootId } from "../../core/process/boot-id.ts";
import { tryHold } from "../../core/disk/lock.ts";
import type { ProcessId } from "../../core/process/process-table.ts";
import type { Layout } from "../../core/layout.ts";
import { findTmux } from "../../core/tmux.ts";
import { readDeaths } from "../../status/deaths/deaths.ts";
import {
  incarnationPaths,
  isAgentRunning,
  isLiving,
  isServerRunning,
  listIncarnations,
  pointerPath,
  readCurrent,
  readIncarnation,
} from "../../status/incarnation/incarnation.ts";
import type { Incarnation, IncarnationPaths } from "../../status/incarnation/types.ts";
import { wakeRecorder } from "./canary.ts";
import { graceFrom, renderCanaryScript, scriptOf } from "./script.ts";
import { hasRecorder } from "../session/recorder.ts";
import { isSettled } from "./claim.ts";
import { hasSession } from "../session/session.ts";
import { forgetIncarnation } from "../session/incarnation-store.ts";
import type { Host } from "../../core/host.ts";

/**
 * What became of an incarnation: it lives or its recorder is at work, its end was recorded now, its end was settled before, its end
 * could not be recorded.
 */
export type Settling = "kept" | "recorded" | "forgotten" | "failed";

const RECORD_MS = 20_000;

/** Identities of which a session ended that nobody claimed, and nobody has recorded or is about to: the next `supervise` does. */
export function findUnrecorded(layout: Layout): string[] {
  const isUnrecorded = (identity: string, uuid: string) => {
    const saved = readIncarnation(layout, identity, uuid);
    const paths = incarnationPaths(layout, identity, uuid);
    return saved !== undefined && hadSession(saved) && !isLiving(layout, saved) && !isSettled(paths) && !hasRecorder(paths);
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
 * An end that nobody claimed and nobody recorded, because the recorder ended too, is recorded now; then what is kept about
 * the incarnation goes. While a recorder lives it is the recorder's to decide: both hold the same lock to write.
 */
async function settleIncarnation(identity: string, incarnation: string, host: Host): Promise<Settling> {
  const { layout } = host;
  const paths = incarnationPaths(layout, identity, incarnation);
  const saved = readIncarnation(layout, identity, incarnation);
  if (saved === undefined && existsSync(paths.session)) return "kept";
  if (saved !== undefined && (await hasSession(saved))) return "kept";
  const lock = tryHold(paths.lock);
  if (lock === undefined) {
    // On a server that goes on it may have missed the end.
    if (saved?.shared && isServerRunning(saved)) await wakeRecorder(saved);
    return "kept";
  }
  try {
    const isDeath = saved !== undefined && hadSession(saved) && !isSettled(paths) && !isInLog(layout, incarnation);
    if (isDeath && !(await recordUnwitnessed({ saved, paths, lock }, host))) return "failed";
    // As long as its agent lives on without a server it is all that tells of it.
    if (saved !== undefined && isAgentRunning(saved)) return isDeath ? "recorded" : "kept";
    forget({ identity, incarnation }, host);
    return isDeath ? "recorded" : "forgotten";
  } finally {
    closeSync(lock);
  }
}

/** A launch that was killed may have got no further than that server, which is not its own. */
function hadSession(incarnation: Incarnation): incarnation is Incarnation & { readonly server: ProcessId } {
  return incarnation.server !== null && (!incarnation.shared || incarnation.pane !== null);
}

/** Whoever writes a record may be killed between its line and its mark. */
export function isInLog(layout: Pick<Layout, "exitsLog">, incarnation: string): boolean {
  return readDeaths(layout).some((death) => death.incarnation === incarnation);
}

interface Unwitnessed {
  readonly saved: Incarnation & { readonly server: ProcessId };
  readonly paths: IncarnationPaths;
  /** What was locked; handed on, it is held for as long as the script writes, whatever becomes of us. */
  readonly lock: number;
}

/** The recorder's own script writes the record, so that there is one way to. Whether there is one now. */
async function recordUnwitnessed({ saved, paths, lock }: Unwitnessed, host: Host): Promise<boolean> {
  const { layout, env } = host;
  const { boot_id: bootId } = saved;
  writeAtomically(
    paths.script,
    renderCanaryScript({
      ...scriptOf(saved),
      layout,
      platform: process.platform,
      tmux: findTmux(),
      witness: "client",
      graceMs: graceFrom(env),
    }),
  );
  const isOtherBoot = bootId !== "" && bootId !== readBootId();
  const argv = ["/bin/sh", paths.script, "unwitnessed", ...(isOtherBoot ? ["host-restart"] : [])];
  const child = Bun.spawn(argv, {
    stdio: ["ignore", "ignore", "ignore", lock],
    cwd: "/",
    timeout: RECORD_MS,
    killSignal: "SIGKILL",
  });
  await child.exited;
  return existsSync(paths.recorded);
}

function forget(gone: Pick<Incarnation, "identity" | "incarnation">, { layout }: Host): void {
  if (readCurrent(layout, gone.identity)?.incarnation === gone.incarnation)
    rmSync(pointerPath(layout, gone.identity), { force: true });
  forgetIncarnation(layout, gone);
}
