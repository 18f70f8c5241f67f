import { existsSync, readFileSync } from "node:fs";
import { type Layout, layoutFrom } from "../../src/core/layout.ts";
import type { ProcessInfo } from "../../src/core/process/process-table.ts";
import { isRunning } from "../../src/core/process/processes.ts";
import { readCanaryRecord } from "../../src/launch/recorder/recorder.ts";
import { parseDeath } from "../../src/status/deaths/death-record.ts";
import type { Death } from "../../src/status/deaths/types.ts";
import { incarnationPaths, listIncarnations, readIncarnation } from "../../src/status/incarnation/incarnation.ts";
import type { Incarnation } from "../../src/status/incarnation/types.ts";
import type { Sandbox } from "../support/sandbox.ts";
import { isTmux, recorderOf } from "../support/session.ts";
import type { Look } from "./look.ts";
import { readLog, type Stage, type Tracked } from "./scene.ts";

/** Every line of every exits.log of a scene, in the form of Expected. */
export function readRecords(stage: Stage): string[] {
  return stage.sandboxes.flatMap((sandbox) => {
    const { exitsLog } = layoutFrom(sandbox.env);
    return readLog(exitsLog).map((fields) => renderRecord(fields, sandbox, stage));
  });
}

const TOLD = ["cause", "wait_rc", "dead_status", "dead_signal", "signal", "verdict"] as const;

/** `server-exit cause=… verdict=…`, its owner unless that is bob, and what is wrong with it. */
function renderRecord(fields: Readonly<Record<string, string>>, sandbox: Sandbox, { tracked }: Stage): string {
  const death = parseDeath(fields);
  if (death === undefined) return `not a death: ${JSON.stringify(fields)}`;
  const told = TOLD.filter((key) => death[key] !== undefined).map((key) => `${key}=${death[key]}`);
  const owner = tracked.find(
    ({ session }) =>
      session?.sandbox === sandbox && session.identity === death.identity && session.incarnation === death.incarnation,
  );
  const of = owner?.label === "bob" ? [] : [`of=${owner?.label ?? `unknown-${death.identity}`}`];
  return [death.ev, ...told, ...of, ...flawsOf(death, owner)].join(" ");
}

function flawsOf(death: Death, owner: Tracked | undefined): string[] {
  const isUnwitnessedAgent = death.ev === "session-exit" && death.cause === "unwitnessed";
  const hasForensics =
    death.forensics !== undefined &&
    existsSync(death.forensics) &&
    readFileSync(death.forensics, "utf8").startsWith("iapeer forensics 1\n");
  return [
    ...(death.server_pid === owner?.session?.server.pid ? [] : ["(another server's pid)"]),
    ...(hasForensics || isUnwitnessedAgent ? [] : ["(no forensics)"]),
  ];
}

/** The tracked processes that still run: `bob, watched`. */
export function readLives({ tracked }: Stage): string[] {
  return tracked.map(describeLife).filter((text) => text !== undefined);
}

function describeLife({ label, processes, session }: Tracked): string | undefined {
  const alive = processes.map(isRunning);
  if (!alive.includes(true)) return undefined;
  if (session === undefined) return label;
  const [hasServer, hasAgent = true] = alive;
  const what = hasServer ? (hasAgent ? label : `${label} without its agent`) : `the agent of ${label} without a server`;
  return `${what}, ${recorderOf(session) === undefined ? "unwatched" : "watched"}`;
}

/** The processes of a scene that are to end by themselves: all but those that live for good, and their descendants. */
export function findStragglers(stage: Stage, look: Look): ProcessInfo[] {
  const kept = new Set(stage.tracked.flatMap(({ processes }) => processes.filter(isRunning)).map(({ pid }) => pid));
  addDescendants(kept, look.table);
  const recorders = new Set(stage.sandboxes.flatMap((sandbox) => findRecorders(layoutFrom(sandbox.env), kept)));
  // A recorder waits through a client. Anything else that it runs shows that it is about to decide.
  const isWaiting = ({ pid, ppid }: ProcessInfo) => recorders.has(ppid) && isTmux(pid);
  return findProcesses(stage, look).filter((one) => !kept.has(one.pid) && !recorders.has(one.pid) && !isWaiting(one));
}

/** Every process of a scene. */
export function findProcesses({ sandboxes }: Stage, look: Look): ProcessInfo[] {
  return sandboxes.flatMap(({ root }) => look.ofRoot(root));
}

function addDescendants(pids: Set<number>, table: readonly ProcessInfo[]): void {
  for (let size = -1; size !== pids.size;) {
    size = pids.size;
    for (const { pid, ppid } of table) if (pids.has(ppid)) pids.add(pid);
  }
}

/** The running recorders, by their records, of the incarnations whose server is among these; on a shared server, whose agent is. */
function findRecorders(layout: Layout, living: ReadonlySet<number>): number[] {
  const all = [...listIncarnations(layout)].flatMap(([identity, ids]) => ids.map((id) => ({ identity, id })));
  return all
    .filter(({ identity, id }) => living.has(watchedPid(readIncarnation(layout, identity, id))))
    .map(({ identity, id }) => readCanaryRecord(incarnationPaths(layout, identity, id))?.recorder)
    .filter((recorder) => recorder !== undefined && isRunning(recorder))
    .map((recorder) => recorder!.pid);
}

function watchedPid(saved: Incarnation | undefined): number {
  return (saved?.shared ? saved.pane : saved?.server)?.pid ?? 0;
}

/** A process, for the person who looks for where it came from. */
export function describeProcess({ pid, ppid }: ProcessInfo): string {
  try {
    const argv = readFileSync(`/proc/${pid}/cmdline`, "latin1").split("\0").join(" ").trim();
    return `pid ${pid} (parent ${ppid}): ${argv.slice(0, 160)}`;
  } catch {
    return `pid ${pid} (parent ${ppid})`;
  }
}
