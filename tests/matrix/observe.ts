import { existsSync, readFileSync } from "node:fs";
import { type Layout, layoutFrom } from "../../src/core/layout.ts";
import type { ProcessInfo } from "../../src/core/process/process-table.ts";
import { isRunning, listProcesses } from "../../src/core/process/processes.ts";
import { readCanaryRecord } from "../../src/launch/session/recorder.ts";
import { type Death, parseDeath } from "../../src/status/deaths/death-record.ts";
import {
  type Incarnation,
  incarnationPaths,
  listIncarnations,
  readIncarnation,
} from "../../src/status/incarnation/incarnation.ts";
import type { Sandbox } from "../support/sandbox.ts";
import { isTmux, processesOf, recorderOf } from "../support/session.ts";
import { readLog, type Stage, type Tracked } from "./scene.ts";

/** Every line of every exits.log of a scene, in the words of Expected. */
export function readRecords(stage: Stage): string[] {
  return stage.sandboxes.flatMap((sandbox) => {
    const { exitsLog } = layoutFrom(sandbox.env);
    return readLog(exitsLog).map((fields) => renderRecord(fields, sandbox, stage));
  });
}

const TOLD = ["cause", "wait_rc", "dead_status", "dead_signal", "signal", "verdict"] as const;

/** `server-exit cause=… verdict=…`, whose it is unless it is bob's, and what is wrong with it. */
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

/** What still runs of all that is tracked: `bob, watched`. */
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

/** The processes of a scene that are none of those that may go on: whatever lives for good, and what descends from that. */
export function findStragglers(stage: Stage): ProcessInfo[] {
  const table = listProcesses();
  const kept = new Set(stage.tracked.flatMap(({ processes }) => processes.filter(isRunning)).map(({ pid }) => pid));
  addDescendants(kept, table);
  const recorders = new Set(stage.sandboxes.flatMap((sandbox) => findRecorders(layoutFrom(sandbox.env), kept)));
  // What a recorder runs beside the client that it waits through shows that it is about to decide.
  const isWaiting = ({ pid, ppid }: ProcessInfo) => recorders.has(ppid) && isTmux(pid);
  return stage.sandboxes
    .flatMap((sandbox) => processesOf(sandbox, table))
    .filter((one) => !kept.has(one.pid) && !recorders.has(one.pid) && !isWaiting(one));
}

function addDescendants(pids: Set<number>, table: readonly ProcessInfo[]): void {
  for (let size = -1; size !== pids.size;) {
    size = pids.size;
    for (const { pid, ppid } of table) if (pids.has(ppid)) pids.add(pid);
  }
}

/** The recorders, as they were written down, of incarnations of which the server, or on a shared one the agent, is one of these. */
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

/** For a person who has to find out what it was. */
export function describeProcess({ pid, ppid }: ProcessInfo): string {
  try {
    const argv = readFileSync(`/proc/${pid}/cmdline`, "latin1").split("\0").join(" ").trim();
    return `pid ${pid} (parent ${ppid}): ${argv.slice(0, 160)}`;
  } catch {
    return `pid ${pid} (parent ${ppid})`;
  }
}
