import { dirname, join } from "node:path";
import { writeAtomically } from "../../core/disk/atomic-write.ts";
import { renderJson } from "../../core/text/json.ts";
import { parseEvents } from "../../core/disk/event-log.ts";
import { makeFolder, readTail } from "../../core/disk/files.ts";
import type { Env } from "../../core/layout.ts";
import type { ProcessId } from "../../core/process/process-table.ts";
import { until as isTrueWithin } from "../../core/process/poll.ts";
import { isRunning } from "../../core/process/processes.ts";
import { signalProcess } from "../../core/process/signals.ts";
import type { Incarnation } from "../../status/incarnation/types.ts";
import { incarnationPaths } from "../../status/incarnation/incarnation.ts";
import { hasRecorder, readCanaryRecord } from "../../launch/recorder/recorder.ts";
import { failure, good } from "./check.ts";
import type { Check } from "./types.ts";
import { launchIdentity } from "../../launch/start/start.ts";
import { closeForgotten, closeStage, openStage, type SelfTestStage } from "./self-test-stage.ts";
import { stopSession } from "../../launch/end/end.ts";
import { superviseOnce } from "../../launch/tick.ts";
import { armIdentity } from "../../launch/canary/canary.ts";

export interface SelfTestOptions {
  readonly env: Env;
  readonly now: () => Date;
  /** Ends the test early; then its rows mean nothing. */
  readonly signal: AbortSignal;
}

type Running = Incarnation & { readonly server: ProcessId };
type Fields = Readonly<Record<string, string>>;

/** One session that is launched and ended in one way, and the record that exits.log must then have. */
export interface Scenario {
  readonly check: string;
  readonly personality: string;
  /** A sentence that is true when it worked. */
  readonly claim: string;
  /** Fields that its only record must have; null: there must be no record. */
  readonly record: Fields | null;
  readonly end: (running: Running, act: Act) => Promise<unknown>;
}

interface Act {
  readonly stage: SelfTestStage;
  readonly until: Until;
}

type Until = (what: string, isTrue: () => boolean) => Promise<void>;

const SCENARIOS: readonly Scenario[] = [
  {
    check: "session-exit",
    personality: "exit",
    claim: "an agent that exits with 7 is recorded once",
    record: { ev: "session-exit", dead_status: "7" },
    end: endAgent,
  },
  {
    check: "server-killed",
    personality: "kill",
    claim: "a server that is killed is recorded once, with the signal",
    record: { ev: "server-exit", signal: "KILL", verdict: "killed", witness: "parent" },
    end: async ({ server }) => signalProcess(server, "SIGKILL"),
  },
  {
    check: "canary-replaced",
    personality: "again",
    claim: "a server whose canary was lost and replaced is recorded once",
    record: { ev: "server-exit", witness: "client" },
    end: replaceCanary,
  },
  {
    check: "stop",
    personality: "stop",
    claim: "a session that is stopped is not recorded",
    record: null,
    end: async ({ identity }, { stage }) => await stopSession({ identity, reason: "stop" }, stage.host),
  },
];

async function endAgent(_: Running, { stage }: Act): Promise<void> {
  await Bun.write(join(stage.folder, "exit"), "");
}

async function replaceCanary(running: Running, { stage: { host }, until }: Act): Promise<void> {
  const paths = incarnationPaths(host.layout, running.identity, running.incarnation);
  const recorder = readCanaryRecord(paths)?.recorder;
  if (recorder !== undefined) signalProcess(recorder, "SIGKILL");
  await until("its canary is gone", () => !hasRecorder(paths));
  await armIdentity({ identity: running.identity }, host);
  signalProcess(running.server, "SIGKILL");
}

/**
 * Launches sessions in a root of their own, ends them in every way, and looks at what was recorded. Nothing of it is left afterwards,
 * whatever happens.
 */
export async function runSelfTest({ env, now, signal }: SelfTestOptions): Promise<readonly Check[]> {
  await closeForgotten(env, now);
  const stage = openStage(env, now);
  let rows: readonly Check[] = [];
  let left: string | undefined;
  try {
    rows = await playAll(stage, signal);
  } finally {
    left = await closeStage(stage);
  }
  return left === undefined ? rows : [...rows, failure("cleanup", left)];
}

async function playAll(stage: SelfTestStage, signal: AbortSignal): Promise<readonly Check[]> {
  declareRuntime(stage);
  const failed = await Promise.all(
    SCENARIOS.map(async (scenario) => await play(scenario, { stage, until: (what, isTrue) => waitUntil(what, isTrue, signal) })),
  );
  // A recorded end must not be found once more.
  if (!signal.aborted) await superviseOnce([], stage.host);
  const records = readRecords(stage);
  return SCENARIOS.map((scenario, index) =>
    judgeScenario(
      scenario,
      records,
      [failed[index], ...stage.warnings].filter((why) => why !== undefined),
    ),
  );
}

/** The runtime of the stage. */
const RUNTIME = "test";

/** Declares that runtime as a person would: every scenario launches it in the one way there is. */
function declareRuntime({ host: { layout } }: SelfTestStage): void {
  const path = join(layout.runtimesFolder, RUNTIME, "runtime.json");
  makeFolder(dirname(path));
  writeAtomically(path, renderJson({ command: "/bin/sh", args: ["-c", AGENT, "sh"] }));
}

/** The identity that a scenario is about. */
function identityOf({ personality }: Scenario): string {
  return `${RUNTIME}-${personality}`;
}

/** It lives until a file appears, and not for long where none appears. */
const AGENT = 'PATH=/usr/bin:/bin:$PATH; n=0; while [ ! -e "$1" ] && [ "$n" -lt 300 ]; do sleep 0.05; n=$((n + 1)); done; exit 7';

/** Plays one scenario to its end. Returns why that did not work, if so. */
async function play(scenario: Scenario, act: Act): Promise<string | undefined> {
  const { folder, host } = act.stage;
  const { personality } = scenario;
  const identity = identityOf(scenario);
  try {
    const plan = { personality, runtime: RUNTIME, cwd: folder, args: [join(folder, personality)] };
    const { incarnation } = await launchIdentity(plan, host);
    const server = incarnation?.server ?? undefined;
    if (incarnation === undefined || server === undefined) return "it was not launched";
    const running = { ...incarnation, server };
    const paths = incarnationPaths(host.layout, identity, incarnation.incarnation);
    await scenario.end(running, act);
    await act.until("its server is gone", () => !isRunning(running.server));
    if (scenario.record !== null)
      await act.until("its end is in exits.log", () => recordsOf(scenario, readRecords(act.stage)).length > 0);
    await act.until("its canary is gone", () => !hasRecorder(paths));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const DEADLINE_MS = 8000;
const POLL_MS = 10;

async function waitUntil(what: string, isTrue: () => boolean, signal: AbortSignal): Promise<void> {
  if (await isTrueWithin(isTrue, { timeoutMs: DEADLINE_MS, everyMs: POLL_MS, signal })) return;
  throw new Error(signal.aborted ? "interrupted" : `not within ${DEADLINE_MS / 1000} s: ${what}`);
}

const LOG_BYTES = 1024 * 1024;

/** The lines as they are: a repeat would not be seen among deaths. */
function readRecords({ host: { layout } }: SelfTestStage): Record<string, string>[] {
  return parseEvents(readTail(layout.exitsLog, LOG_BYTES));
}

function recordsOf(scenario: Scenario, records: readonly Fields[]): Fields[] {
  return records.filter(({ identity }) => identity === identityOf(scenario));
}

/** Compares what was recorded with what should have been; `troubles` is what went wrong on the way. */
export function judgeScenario(scenario: Scenario, records: readonly Fields[], troubles: readonly string[]): Check {
  const { check, claim, record } = scenario;
  const own = recordsOf(scenario, records);
  const isRight =
    record === null
      ? own.length === 0
      : own.length === 1 && Object.entries(record).every(([key, value]) => own[0]![key] === value);
  if (isRight && troubles.length === 0) return good(check, claim);
  const expected = record === null ? "no record" : `one record with ${renderFields(record)}`;
  const came = own.length === 0 ? "none" : own.map((one) => renderFields(one, TELLING)).join("; and ");
  return failure(check, `expected: ${expected}; came: ${came}${troubles.map((why) => `; ${why}`).join("")}`);
}

const TELLING = ["ev", "dead_status", "dead_signal", "cause", "signal", "verdict", "witness"];

function renderFields(fields: Fields, keys: readonly string[] = Object.keys(fields)): string {
  return keys
    .filter((key) => fields[key] !== undefined && fields[key] !== "")
    .map((key) => `${key}=${fields[key]}`)
    .join(" ");
}
