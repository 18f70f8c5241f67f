import { statSync } from "node:fs";
import { describeStartError, type Outcome, type RunState, Tail, whyNotArguments } from "./command.ts";
import { errnoOf } from "./errors.ts";
import { whyNotExecutable } from "./executable.ts";
import { type Guard, openGuard } from "./guard.ts";
import { adoptOrphans } from "./libc.ts";
import { readProcess } from "./processes.ts";
import { endTree, type Tree } from "./process-tree.ts";
import { newTokenFamily, tokenOf, underToken } from "./run-token.ts";

export interface Command {
  /** An absolute program and its arguments; no shell sees them. */
  readonly argv: readonly string[];
  readonly timeoutMs: number;
  /** The working folder. Default: the caller's. */
  readonly folder?: string;
  /** Ends the command with its tree when aborted. */
  readonly signal?: AbortSignal;
  /** Keep this much of stdout, and end the command when it prints more. Default: stdout is thrown away. */
  readonly stdoutBytes?: number;
}

export interface Finished {
  readonly outcome: Outcome;
  /** Empty unless `stdoutBytes` was given. */
  readonly stdout: string;
}

/** Runs commands so that none outlives its limit, or iapeer. */
export interface Runner {
  /** Never throws for anything the command is or does; see Outcome. */
  run(command: Command): Promise<Finished>;
  close(): void;
}

/** Between SIGTERM and SIGKILL (contract 6). */
export const GRACE_MS = 2000;
/** The killing itself; with the grace it stays within the three seconds that a caller may lose over the limit. */
export const KILL_MS = 700;
/** After the exit: how long a pipe that somebody still holds is read before it counts as empty, and at most. */
const QUIET_MS = 10;
const DRAIN_MS = 100;
/** A file that is being written is tried again this often. */
const BUSY_TRIES = 20;
const BUSY_PAUSE_MS = 50;

/** @param guardArgv starts a process of this program that calls runGuard; see guard.ts. */
export function createRunner(guardArgv: readonly string[]): Runner {
  const family = newTokenFamily();
  let guard: Guard | undefined;
  let runs = 0;
  return {
    run: async (command) => {
      const startedMs = performance.now();
      const refusal = whyNotRunnable(command);
      if (refusal !== undefined) return notExecutable(command, refusal, startedMs);
      guard ??= openGuardAndAdopt(guardArgv, family);
      const run = { number: runs++, family, guard, startedMs };
      const started = await start(command, run);
      return typeof started === "string" ? notExecutable(command, started, startedMs) : await finish(command, run, started);
    },
    close: () => guard?.close(),
  };
}

/** Orphans of a run become ours (prctl(2), PR_SET_CHILD_SUBREAPER), so that their ends can be reaped. */
function openGuardAndAdopt(argv: readonly string[], family: bigint): Guard {
  if (process.platform === "linux") adoptOrphans();
  return openGuard(argv, family);
}

interface Run {
  readonly number: number;
  readonly family: bigint;
  readonly guard: Guard;
  readonly startedMs: number;
}

function whyNotRunnable(command: Command): string | undefined {
  return (
    whyNotFolder(command.folder ?? callersFolder()) ?? whyNotArguments(command.argv) ?? whyNotExecutable(command.argv[0]!)
  );
}

function callersFolder(): string {
  try {
    return process.cwd();
  } catch {
    // The folder iapeer was called from was deleted.
    return ".";
  }
}

/** Why a working folder cannot be one, so that nobody looks for the fault in the command. */
export function whyNotFolder(folder: string): string | undefined {
  const found = statSync(folder, { throwIfNoEntry: false });
  if (found === undefined || found.nlink === 0) return `the working folder ${folder} does not exist`;
  return found.isDirectory() ? undefined : `the working folder ${folder} is not a folder`;
}

interface Started {
  readonly child: Bun.Subprocess<"ignore", "pipe" | "ignore", "pipe">;
  readonly tree: Tree;
}

/** The running command, or why it could not be started. */
async function start(command: Command, run: Run): Promise<Started | string> {
  for (let tries = 1; ; tries += 1) {
    try {
      return spawn(command, run);
    } catch (error) {
      const errno = errnoOf(error);
      if (errno !== "ETXTBSY" || tries === BUSY_TRIES) return describeStartError(command.argv[0]!, errno, error);
      await Bun.sleep(BUSY_PAUSE_MS);
    }
  }
}

function spawn(command: Command, run: Run): Started {
  const token = tokenOf(run.family, run.number);
  const child = underToken(token, () =>
    Bun.spawn([...command.argv], {
      stdin: "ignore",
      stdout: command.stdoutBytes === undefined ? "ignore" : "pipe",
      stderr: "pipe",
      detached: true,
      ...(command.folder !== undefined && { cwd: command.folder }),
    }),
  );
  const leader = { pid: child.pid, start: readProcess(child.pid)?.start ?? "gone" };
  run.guard.started(run.number, leader);
  return { child, tree: { leader, token } };
}

type Ending = "exited" | "timeout" | "interrupted" | "flooded";

async function finish(command: Command, run: Run, { child, tree }: Started): Promise<Finished> {
  const ending = Promise.withResolvers<Ending>();
  const stderr = new Tail();
  const stdout = new Bounded(command.stdoutBytes ?? 0, () => ending.resolve("flooded"));
  const pipes = [drain(child.stderr, (chunk) => stderr.push(chunk))];
  if (child.stdout) pipes.push(drain(child.stdout, (chunk) => stdout.push(chunk)));
  const timer = setTimeout(() => ending.resolve("timeout"), command.timeoutMs);
  const interrupt = () => ending.resolve("interrupted");
  command.signal?.addEventListener("abort", interrupt);
  if (command.signal?.aborted) interrupt();
  void child.exited.then(() => ending.resolve("exited"));

  const how = await ending.promise;
  clearTimeout(timer);
  command.signal?.removeEventListener("abort", interrupt);
  const isOver = how === "exited" || child.exitCode !== null || child.signalCode !== null;
  const unended = isOver ? [] : await endTree(tree, { graceMs: GRACE_MS, killMs: KILL_MS, sleep: Bun.sleep });
  run.guard.over(run.number);
  // The tree is gone; Bun may still have to hear of its leader's end.
  if (!isOver) await Promise.race([child.exited, Bun.sleep(DRAIN_MS)]);
  await Promise.all(pipes.map((pipe) => pipe.settle()));
  const state = isOver ? stateOfExit(child.exitCode) : how === "timeout" || how === "interrupted" ? how : "failed";
  const detail = stderr.text() ?? describeEnding(isOver ? "exited" : how, command, unended.map(({ pid }) => pid));
  return { outcome: outcomeOf(command, { state, child, detail, startedMs: run.startedMs }), stdout: stdout.text() };
}

function stateOfExit(exitCode: number | null): RunState {
  return exitCode === 0 ? "ok" : "failed";
}

function describeEnding(how: Ending, command: Command, unended: readonly number[]): string | undefined {
  const left = unended.length === 0 ? "" : `; processes that could not be ended: ${unended.join(", ")}`;
  if (how === "timeout") return `still running after ${command.timeoutMs / 1000} s; ended with all it had started${left}`;
  if (how === "interrupted") return `iapeer was interrupted; ended with all it had started${left}`;
  if (how === "flooded") return `printed more than the ${command.stdoutBytes} bytes that are read of it${left}`;
  return undefined;
}

function outcomeOf(
  command: Command,
  end: { state: RunState; child?: Started["child"]; detail: string | undefined; startedMs: number },
): Outcome {
  return {
    state: end.state,
    exitCode: end.child?.exitCode ?? null,
    signal: end.child?.signalCode?.toString() ?? null,
    ...(end.detail !== undefined && { detail: end.detail }),
    durationMs: Math.round(performance.now() - end.startedMs),
    argv: command.argv,
  };
}

function notExecutable(command: Command, detail: string, startedMs: number): Finished {
  return { outcome: outcomeOf(command, { state: "not-executable", detail, startedMs }), stdout: "" };
}

/** Reads a pipe as fast as it fills. */
function drain(stream: ReadableStream<Uint8Array>, take: (chunk: Uint8Array) => void): { settle(): Promise<void> } {
  const reader = stream.getReader();
  let lastMs = performance.now();
  const whole = (async () => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      lastMs = performance.now();
      take(value);
    }
  })();
  return {
    /** After the exit: takes what stands in the pipe; a daemon that holds it open is not waited for. */
    settle: async () => {
      const deadline = performance.now() + DRAIN_MS;
      lastMs = performance.now();
      const quiet = async () => {
        while (performance.now() < deadline && performance.now() - lastMs < QUIET_MS) await Bun.sleep(2);
        await reader.cancel();
      };
      await Promise.race([whole, quiet()]);
    },
  };
}

/** Text up to a bound; the first byte over it is reported. */
class Bounded {
  readonly #chunks: Uint8Array[] = [];
  #left: number;

  constructor(
    bytes: number,
    readonly onOver: () => void,
  ) {
    this.#left = bytes;
  }

  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk.subarray(0, this.#left));
    if (chunk.length > this.#left) this.onOver();
    this.#left = Math.max(0, this.#left - chunk.length);
  }

  text(): string {
    return new TextDecoder().decode(Buffer.concat(this.#chunks));
  }
}
