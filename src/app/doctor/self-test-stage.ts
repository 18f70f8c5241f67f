import { openTmux } from "../../core/tmux.ts";
import { lstatSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { join } from "node:path";
import { rotationFrom } from "../../core/disk/event-log.ts";
import { describeErrno } from "../../model/errors.ts";
import { type Env, layoutFrom } from "../../core/layout.ts";
import type { ProcessId, ProcessInfo } from "../../core/process/process-table.ts";
import { listProcesses, readProcess } from "../../core/process/processes.ts";
import { keyOf, withDescendants } from "../../core/process/process-tree.ts";
import { signalProcess } from "../../core/process/signals.ts";
import { incarnationPaths, listIncarnations, readIncarnation } from "../../status/incarnation/incarnation.ts";
import { probeSocket } from "../../status/liveness/liveness.ts";
import { readCanaryRecord } from "../../launch/recorder/recorder.ts";
import type { Host } from "../../core/host.ts";
import { areGoneWithin } from "../../core/process/terminate.ts";

/** A root and a socket folder of its own, where sessions are launched and ended for a test. */
export interface SelfTestStage {
  readonly folder: string;
  readonly host: Host;
  /** The warnings that came meanwhile. */
  readonly warnings: string[];
}

/** A socket in a longer folder might have too long a path. */
const MOST_FOLDER_BYTES = 55;

const NAME = "iapeer-doctor-";

/** Makes the stage. The sessions on it know nothing of this host's root. */
export function openStage(env: Env, now: () => Date): SelfTestStage {
  return stageIn(realpathSync(mkdtempSync(join(stagesFolder(env), NAME))), env, now);
}

/** Where temporary files of the caller are, as os.tmpdir() finds it in an environment. */
function stagesFolder(env: Env): string {
  const named = env["TMPDIR"] || env["TMP"] || env["TEMP"] || "/tmp";
  return Buffer.byteLength(named) > MOST_FOLDER_BYTES ? "/tmp" : named.replace(/(.)\/+$/, "$1");
}

/** No self-test takes nearly as long. */
const FORGOTTEN_MS = 10 * 60 * 1000;

/** Takes away the stages of self-tests that were killed. */
export async function closeForgotten(env: Env, now: () => Date): Promise<void> {
  for (const name of namesIn(stagesFolder(env)).filter((one) => one.startsWith(NAME))) {
    const folder = join(stagesFolder(env), name);
    const found = lstatSync(folder, { throwIfNoEntry: false });
    if (found?.isDirectory() && found.uid === process.geteuid!() && now().getTime() - found.mtimeMs > FORGOTTEN_MS)
      await closeStage(stageIn(folder, env, now));
  }
}

function stageIn(folder: string, env: Env, now: () => Date): SelfTestStage {
  const own = {
    ...env,
    IAPEER_ROOT: folder,
    IAPEER_SOCK_DIR: join(folder, "s"),
    IAPEER_TEST_SANDBOX: "1",
    IAPEER_CANARY_GRACE_MS: "200",
    IAPEER_LIFECYCLE_LOG_MAX_BYTES: undefined,
  };
  const warnings: string[] = [];
  const layout = layoutFrom(own);
  const nothing = () => undefined;
  const host = {
    layout,
    env: own,
    now,
    tmux: openTmux(own),
    log: { path: layout.lifecycleLog, rotation: rotationFrom(own) },
    lockTimeoutMs: 5000,
    tell: {
      warn: (line: string) => void warnings.push(line),
      note: nothing,
      progress: () => ({ step: nothing, close: nothing }),
    },
    by: () => "doctor",
  };
  return { folder, host, warnings };
}

const ROUNDS = 10;
const ROUND_MS = 500;

/** Ends every process of the stage and takes its folder away. Returns why that could not be done, if so. */
export async function closeStage(stage: SelfTestStage): Promise<string | undefined> {
  let left = findProcesses(stage);
  for (let round = 0; left.length > 0 && round < ROUNDS; round += 1) {
    left.forEach((one) => signalProcess(one, "SIGKILL"));
    await areGoneWithin(left, ROUND_MS);
    left = findProcesses(stage);
  }
  if (left.length > 0) return `these processes of the self-test do not end: ${left.map(({ pid }) => pid).join(", ")}`;
  try {
    rmSync(stage.folder, { recursive: true, force: true });
    return undefined;
  } catch (error) {
    return `the self-test's folder ${stage.folder} could not be removed: ${describeErrno(error)}`;
  }
}

/** Servers, recorders and agents of the stage, and all that descends from them. */
function findProcesses(stage: SelfTestStage): ProcessInfo[] {
  const table = listProcesses().filter(({ pid, isZombie }) => pid !== process.pid && !isZombie);
  const roots = new Set(savedProcesses(stage).map(keyOf));
  return withDescendants(
    table.filter((one) => roots.has(keyOf(one)) || hasStage(one, stage)),
    table,
  );
}

/** The processes that are written down, and the servers that answer. */
function savedProcesses({ host: { layout } }: SelfTestStage): ProcessId[] {
  const listeners = namesIn(layout.socketFolder).map((name) => probeSocket(join(layout.socketFolder, name)));
  const saved = [...listIncarnations(layout)].flatMap(([identity, incarnations]) =>
    incarnations.flatMap((incarnation) => {
      const session = readIncarnation(layout, identity, incarnation);
      return [session?.server, session?.pane, readCanaryRecord(incarnationPaths(layout, identity, incarnation))?.recorder];
    }),
  );
  return [...listeners.map((probe) => (probe.liveness === "live" ? readProcess(probe.pid) : undefined)), ...saved].filter(
    (one) => one !== undefined && one !== null,
  );
}

/** True where its environment is the stage's (proc(5)). macOS does not tell. */
function hasStage({ pid }: ProcessId, { folder }: SelfTestStage): boolean {
  try {
    return (
      process.platform === "linux" && readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(`IAPEER_ROOT=${folder}`)
    );
  } catch {
    // The process is gone, or another user's.
    return false;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // Nothing was ever launched there.
    return [];
  }
}
