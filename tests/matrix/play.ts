import { rmSync } from "node:fs";
import type { ProcessId, ProcessInfo } from "../../src/core/process/process-table.ts";
import { isRunning } from "../../src/core/process/processes.ts";
import { signalProcess } from "../../src/core/process/signals.ts";
import type { Witness } from "../../src/launch/recorder/types.ts";
import { nextLook } from "./look.ts";
import { describeProcess, findProcesses, findStragglers, readLives, readRecords } from "./observe.ts";
import { completeExpected, type Expected, type Outcome, type Row } from "./row.ts";
import { openScene, readCanaryLines, type Scene, SceneError, type Stage } from "./scene.ts";

/** One row with one witness. */
export interface Case {
  readonly row: Row;
  readonly witness: Witness;
}

/** The outcome of one run, beside the expected one. */
export interface Played {
  readonly isAsExpected: boolean;
  readonly expected: Outcome;
  readonly found: Outcome;
  /** The failure that ended the run before there was an outcome. */
  readonly error?: string;
}

/** How long a record may take: the grace, and what a loaded machine adds to it. */
const RECORD_MS = 15_000;
/** How long anything else may take that comes by itself. */
const QUIET_MS = 10_000;
const POLL_MS = 40;

const NOTHING: Outcome = { records: [], lives: [], canary: [], leaks: [] };

/** Plays one row once, in a scene of its own, and leaves nothing of it behind. Never throws. */
export async function play({ row, witness }: Case): Promise<Played> {
  const expected = row.expected[witness] ?? {};
  let stage: Stage | undefined;
  let played: Played;
  try {
    const scene = await openScene(witness, row);
    stage = scene;
    await row.act(scene);
    const found = await observe(scene, expected);
    played = compare(completeExpected(expected, found), found);
  } catch (error) {
    if (error instanceof SceneError) stage = error.stage;
    const found = stage === undefined ? NOTHING : { ...NOTHING, records: readRecords(stage), lives: readLives(stage) };
    played = { isAsExpected: false, expected: completeExpected(expected, found), found, error: (error as Error).message };
  }
  const leaks = stage === undefined ? [] : await clear(stage);
  return leaks.length === 0
    ? played
    : { ...played, isAsExpected: false, found: { ...played.found, leaks: [...played.found.leaks, ...leaks] } };
}

function compare(expected: Outcome, found: Outcome): Played {
  return { isAsExpected: Bun.deepEquals(expected, found), expected, found };
}

/** Waits for what is expected, and then until nothing more can come: a record too many is as wrong as one too few. */
async function observe(scene: Scene, expected: Expected): Promise<Outcome> {
  const hasCome = () =>
    readRecords(scene).length >= (expected.records?.length ?? 0) && Bun.deepEquals(readLives(scene), expected.lives ?? []);
  await waitUntil(hasCome, RECORD_MS);
  const leaks = await settle(scene);
  const lives = readLives(scene);
  const canary = readCanaryLines(scene.sandbox).slice(scene.canaryLinesBefore);
  for (const sandbox of scene.sandboxes) await sandbox.iapeer("supervise", "--once");
  leaks.push(...(await settle(scene)));
  return { records: readRecords(scene), lives, canary, leaks };
}

/** Waits until only what lives for good is left. Returns what else is left then. */
async function settle(stage: Stage): Promise<string[]> {
  let left: readonly ProcessInfo[] = [];
  await waitUntil(async () => (left = findStragglers(stage, await nextLook())).length === 0, QUIET_MS);
  return left.map(describeProcess);
}

/** Ends everything of a scene by pid, and deletes its folders. Returns what was left after that: it is ended too, and is a leak. */
async function clear(stage: Stage): Promise<string[]> {
  await end(stage.tracked.flatMap(({ processes }) => processes));
  let left: readonly ProcessInfo[] = [];
  await waitUntil(async () => (left = findProcesses(stage, await nextLook())).length === 0, QUIET_MS);
  const leaks = left.map((one) => `after the end: ${describeProcess(one)}`);
  await end(left);
  for (const { folder } of stage.sandboxes) rmSync(folder, { recursive: true, force: true });
  return leaks;
}

async function end(processes: readonly ProcessId[]): Promise<void> {
  processes.forEach((one) => signalProcess(one, "SIGKILL"));
  await waitUntil(() => !processes.some(isRunning), QUIET_MS);
}

async function waitUntil(isTrue: () => boolean | Promise<boolean>, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await isTrue()) && performance.now() < deadline) await Bun.sleep(POLL_MS);
}
