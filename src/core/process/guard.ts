import { closeChildStdin, writeToChild } from "./child-stdin.ts";
import { GUARD_VERB } from "./guard-verb.ts";
import type { ProcessId } from "./process-table.ts";
import { isPid, listProcesses, readProcess } from "./processes.ts";
import { killTree, endTree } from "./process-tree.ts";
import { isOfFamily, readToken, type RunToken, tokenOf } from "./run-token.ts";

/**
 * Ends the running commands when iapeer itself is killed. The guard is a second process in a session of its own that reads from a pipe.
 * The end of the pipe means that iapeer is gone: then the guard ends every run that was not reported as over, with its tree.
 */
export interface Guard {
  /** Reports that a command was started. */
  started(run: number, leader: ProcessId): void;
  /** Reports that a run is over. The guard does not end what that run left behind. */
  over(run: number): void;
  /** True when the guard was killed, so that no process would end a further run. */
  isGone(): boolean;
  /** Reports that nothing more will run. */
  close(): void;
}

/** How a guard starts. */
export interface GuardStart {
  /** Runs this program, or a part of it that calls runGuard. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Starts a guard for a token family. It outlives this process. */
export function openGuard({ argv, env }: GuardStart, family: bigint): Guard {
  const child = Bun.spawn([...argv, GUARD_VERB, String(family)], {
    stdin: "pipe",
    stdout: "ignore",
    stderr: "ignore",
    cwd: "/",
    env: { ...env },
    detached: true,
  });
  child.unref();
  const tell = (line: string) => writeToChild(child.stdin, `${line}\n`);
  return {
    started: (run, { pid, start }) => tell(`started ${run} ${pid} ${start}`),
    over: (run) => tell(`over ${run}`),
    isGone: () => child.exitCode !== null || child.signalCode !== null,
    close: () => closeChildStdin(child.stdin),
  };
}

export interface GuardOptions {
  readonly family: bigint;
  readonly graceMs: number;
  readonly killMs: number;
}

/** The work of the guard: it reads reports until the input ends, and then ends the commands that still run. */
export async function runGuard(input: AsyncIterable<string>, options: GuardOptions): Promise<void> {
  const runs = new Map<number, ProcessId>();
  const over = new Set<RunToken>();
  for await (const line of input) {
    const report = parseReport(line);
    if (report?.leader !== undefined) runs.set(report.run, report.leader);
    else if (report !== undefined) {
      runs.delete(report.run);
      over.add(tokenOf(options.family, report.run));
    }
  }
  const trees = [...runs].map(([run, leader]) => ({ leader, token: tokenOf(options.family, run) }));
  await Promise.all(trees.map((tree) => endTree(tree, options)));
  await endUnreported(over, options);
}

/** Reads one report: a run with its leader has started, a run without a leader is over; undefined for any other line, also a cut one. */
export function parseReport(line: string): { readonly run: number; readonly leader?: ProcessId } | undefined {
  const over = /^over ([0-9]{1,9})$/.exec(line);
  if (over !== null) return { run: Number(over[1]) };
  const started = /^started ([0-9]{1,9}) ([0-9]+) (.+)$/.exec(line);
  const pid = Number(started?.[2]);
  return started !== null && isPid(pid) ? { run: Number(started[1]), leader: { pid, start: started[3]! } } : undefined;
}

/** Ends the commands whose start was not reported any more. They carry the token of the family. */
async function endUnreported(over: ReadonlySet<RunToken>, options: GuardOptions): Promise<void> {
  for (const { pid, start } of listProcesses()) {
    const token = readToken(pid);
    if (token === undefined || !isOfFamily(token, options.family) || over.has(token)) continue;
    const leader = readProcess(pid);
    if (leader !== undefined && leader.start === start) await killTree({ leader, token }, options);
  }
}
