import { closeSync, statSync } from "node:fs";
import { Bounded, describeStartError, type Outcome, type RunState, Tail, whyNotArguments } from "./command.ts";
import { describeErrno, errnoOf } from "../../model/errors.ts";
import { whyNotExecutable } from "./executable.ts";
import { type Guard, type GuardStart, openGuard } from "./guard.ts";
import { adoptOrphans } from "../libc.ts";
import { quoteForMessage } from "../../model/names.ts";
import { reapOrphans } from "./orphans.ts";
import { pause } from "./pause.ts";
import { openPipe, type Pipe } from "./pipe.ts";
import { readProcess } from "./processes.ts";
import { endTree, type Tree } from "./process-tree.ts";
import { newTokenFamily, tokenOf, underToken } from "./run-token.ts";
import { openStdinPipe, type StdinPipe } from "./stdin-pipe.ts";

export interface Command {
  /** An absolute program and its arguments. No shell reads them. */
  readonly argv: readonly string[];
  readonly timeoutMs: number;
  /** The working folder. Default: the caller's. */
  readonly folder?: string;
  /** Ends the command with its tree. */
  readonly signal?: AbortSignal;
  /** The bytes of its stdin, at most STDIN_BYTES. Default: none. */
  readonly stdin?: Uint8Array;
  /** The bytes of stdout that are kept. More of them end the command. Default: stdout is thrown away. */
  readonly stdoutBytes?: number;
}

export interface Finished {
  readonly outcome: Outcome;
  /** Empty unless `stdoutBytes` was given. */
  readonly stdout: string;
  /** The last 16 KiB of stderr. */
  readonly stderr: string;
  /** The number of bytes of `stdin` that no process read. */
  readonly stdinLeft: number;
}

/** Runs commands so that none outlives its limit or iapeer. */
export interface Runner {
  /** Runs one command. It throws for nothing that the command is or does: see Outcome. */
  run(command: Command): Promise<Finished>;
  close(): void;
}

/** The time from SIGTERM to SIGKILL (contract 6). */
export const GRACE_MS = 2000;
/** The time for the killing. A fork storm on a busy machine takes it; any other tree is gone at the first look. */
export const KILL_MS = 3000;
/** The time for Bun to hear of a leader's end that the process table shows already. */
const NEWS_MS = 100;
/** The pause between two reapings of adopted orphans. */
const REAP_MS = 100;
/** How often a program is tried again that another process is writing. */
const BUSY_TRIES = 20;
const BUSY_PAUSE_MS = 50;

/**
 * Makes a runner. Its first command starts a guard.
 *
 * @param start how the guard starts; its environment is that of every command too
 */
export function createRunner(start: GuardStart): Runner {
  let watch: Watch | undefined;
  let runs = 0;
  const leaders = new Set<number>();
  return {
    run: async (command) => {
      const startedMs = performance.now();
      if (command.signal?.aborted)
        return notRun(command, { state: "interrupted", detail: "iapeer was interrupted before it ran", startedMs });
      const refusal = whyNotRunnable(command, start.env);
      if (refusal !== undefined) return notRun(command, { state: "not-executable", detail: refusal, startedMs });
      try {
        if (watch === undefined || watch.guard.isGone()) watch = openWatch(start);
      } catch (error) {
        // Without a guard no process would end the command if iapeer were killed: it is not started.
        return notRun(command, {
          state: "not-executable",
          detail: `iapeer cannot start its guard: ${describeErrno(error)}`,
          startedMs,
        });
      }
      const run = { ...watch, number: runs++, startedMs };
      const stdin = command.stdin === undefined ? undefined : openStdinPipe(command.stdin);
      const started = typeof stdin === "string" ? stdin : await startCommand(command, run, stdin);
      if (typeof started === "string") return notRun(command, { state: "not-executable", detail: started, startedMs });
      const stop = startReaping(run, leaders, started.child);
      return await finish(command, run, started).finally(stop);
    },
    close: () => watch?.guard.close(),
  };
}

/** A guard, and the family of the tokens that it looks for. A new guard gets a new family, because it knows no earlier runs. */
interface Watch {
  readonly guard: Guard;
  readonly family: bigint;
  readonly env: GuardStart["env"];
}

/** Opens a guard, and adopts the orphans of runs (prctl(2), PR_SET_CHILD_SUBREAPER), so that they can be reaped. */
function openWatch(start: GuardStart): Watch {
  if (process.platform === "linux") adoptOrphans();
  const family = newTokenFamily();
  return { family, guard: openGuard(start, family), env: start.env };
}

/** Reaps for as long as the run goes on: the run itself may wait for one of those pids to go. */
function startReaping({ family }: Watch, leaders: Set<number>, { pid, exited }: Bun.Subprocess): () => void {
  leaders.add(pid);
  void exited.finally(() => leaders.delete(pid));
  const reap = () => reapOrphans(family, leaders);
  const timer = setInterval(reap, REAP_MS);
  return () => {
    clearInterval(timer);
    reap();
  };
}

interface Run extends Watch {
  readonly number: number;
  readonly startedMs: number;
}

function whyNotRunnable(command: Command, env: GuardStart["env"]): string | undefined {
  return (
    whyNotFolder(command.folder ?? callersFolder()) ?? whyNotArguments(command.argv) ?? whyNotExecutable(command.argv[0]!, env)
  );
}

function callersFolder(): string {
  try {
    return process.cwd();
  } catch {
    // The folder that iapeer was called from was deleted.
    return ".";
  }
}

/** Why a folder cannot be a working folder, so that a person does not look for the fault in the command; undefined when it can. */
export function whyNotFolder(folder: string): string | undefined {
  if (folder.includes("\0")) return `the working folder ${quoteForMessage(folder)} holds a NUL character`;
  try {
    const found = statSync(folder, { throwIfNoEntry: false });
    if (found === undefined || found.nlink === 0) return `the working folder ${folder} does not exist`;
    return found.isDirectory() ? undefined : `the working folder ${folder} is not a folder`;
  } catch (error) {
    return `the working folder ${folder} cannot be used: ${describeErrno(error)}`;
  }
}

interface Started {
  readonly child: Bun.Subprocess;
  readonly stderr: Pipe;
  readonly stdout: Pipe | undefined;
  readonly stdin: StdinPipe | undefined;
  readonly tree: Tree;
}

/** Starts the command; returns why it could not be started, in words. */
async function startCommand(command: Command, run: Run, stdin: StdinPipe | undefined): Promise<Started | string> {
  for (let tries = 1; ; tries += 1) {
    try {
      return { ...spawn(command, run, stdin), stdin };
    } catch (error) {
      const errno = errnoOf(error);
      if (errno !== "ETXTBSY" || tries === BUSY_TRIES) {
        stdin?.close();
        return describeStartError(command.argv[0]!, errno, error);
      }
      await pause(BUSY_PAUSE_MS);
    }
  }
}

function spawn(command: Command, run: Run, stdin: StdinPipe | undefined): Omit<Started, "stdin"> {
  const pipes: Pipe[] = [];
  const open = () => {
    const pipe = openPipe();
    pipes.push(pipe);
    return pipe;
  };
  try {
    const stderr = open();
    const stdout = command.stdoutBytes === undefined ? undefined : open();
    const token = tokenOf(run.family, run.number);
    const stdio = { stdin: stdin?.readEnd ?? "ignore", stdout: stdout?.writeEnd ?? "ignore", stderr: stderr.writeEnd } as const;
    const child = underToken(token, () =>
      Bun.spawn([...command.argv], {
        ...stdio,
        env: { ...run.env },
        detached: true,
        ...(command.folder !== undefined && { cwd: command.folder }),
      }),
    );
    const leader = { pid: child.pid, start: readProcess(child.pid)?.start ?? "gone" };
    run.guard.started(run.number, leader);
    return { child, stderr, stdout, tree: { leader, token } };
  } catch (error) {
    pipes.forEach((pipe) => pipe.close());
    throw error;
  } finally {
    pipes.forEach(({ writeEnd }) => closeSync(writeEnd));
  }
}

type Ending = "exited" | "timeout" | "interrupted" | "flooded";

async function finish(command: Command, run: Run, { child, tree, stdin, ...pipes }: Started): Promise<Finished> {
  const ending = Promise.withResolvers<Ending>();
  const stderr = new Tail();
  const stdout = new Bounded(command.stdoutBytes ?? 0, () => ending.resolve("flooded"));
  pipes.stderr.drain((chunk) => stderr.push(chunk));
  pipes.stdout?.drain((chunk) => stdout.push(chunk));
  const timer = setTimeout(() => ending.resolve("timeout"), command.timeoutMs);
  const interrupt = () => ending.resolve("interrupted");
  command.signal?.addEventListener("abort", interrupt);
  if (command.signal?.aborted) interrupt();
  void child.exited.then(() => ending.resolve("exited"));

  const how = await ending.promise;
  clearTimeout(timer);
  command.signal?.removeEventListener("abort", interrupt);
  const isOver = how === "exited" || child.exitCode !== null || child.signalCode !== null;
  const unended = isOver ? [] : await endTree(tree, { graceMs: GRACE_MS, killMs: KILL_MS });
  run.guard.over(run.number);
  // The tree is gone, and Bun may still have to hear of its leader's end.
  if (!isOver) await Promise.race([child.exited, pause(NEWS_MS)]);
  await Promise.all([pipes.stderr.settle(), pipes.stdout?.settle()]);
  const state = isOver ? stateOfExit(child.exitCode) : how === "timeout" || how === "interrupted" ? how : "failed";
  const detail =
    stderr.text() ??
    describeEnding(
      isOver ? "exited" : how,
      command,
      unended.map(({ pid }) => pid),
    );
  return {
    outcome: outcomeOf(command, { state, child, detail, startedMs: run.startedMs }),
    stdout: stdout.text(),
    stderr: stderr.whole(),
    stdinLeft: stdin?.drain() ?? 0,
  };
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
  end: { state: RunState; child?: Bun.Subprocess; detail: string | undefined; startedMs: number },
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

function notRun(command: Command, end: { state: RunState; detail: string; startedMs: number }): Finished {
  return { outcome: outcomeOf(command, end), stdout: "", stderr: "", stdinLeft: command.stdin?.length ?? 0 };
}
