import { until } from "./poll.ts";
import { reapChild } from "../libc.ts";
import type { ProcessId, ProcessInfo } from "./process-table.ts";
import { isPid, listProcesses } from "./processes.ts";
import { readToken, type RunToken } from "./run-token.ts";
import { signalGroup, type SignalName, signalProcess } from "./signals.ts";

/** A command and everything it started. */
export interface Tree {
  /** The command itself, leader of its own session and group. */
  readonly leader: ProcessId;
  readonly token: RunToken;
}

export interface EndingOptions {
  /** How long the tree may take over SIGTERM before SIGKILL. */
  readonly graceMs: number;
  /** How long the killing may go on; what still stands then cannot be killed (a process in uninterruptible sleep). */
  readonly killMs: number;
}

const POLL_MS = 20;

/**
 * Ends a whole tree: SIGTERM (and SIGCONT, so that a stopped process can take it), then SIGKILL again and
 * again until a look at the process table finds nothing.
 *
 * @returns what could not be ended, normally nothing.
 */
export async function endTree(tree: Tree, options: EndingOptions): Promise<ProcessInfo[]> {
  const warned = new Set<string>();
  const seen = new Set<string>();
  const isEmpty = () => {
    const members = membersOf(tree, seen);
    const fresh = members.filter((member) => !warned.has(keyOf(member)));
    const olderGroups = new Set(members.filter((member) => warned.has(keyOf(member))).map(({ pgid }) => pgid));
    signalAll(fresh, olderGroups, "SIGTERM");
    signalAll(fresh, olderGroups, "SIGCONT");
    fresh.forEach((member) => warned.add(keyOf(member)));
    return members.length === 0;
  };
  const isOver = await until(isEmpty, { timeoutMs: options.graceMs, everyMs: POLL_MS });
  return isOver ? [] : await killTree(tree, options, seen);
}

/** SIGKILL to all of a tree, and to those `seen` in it before, until nothing is left or `killMs` have passed. */
export async function killTree(
  tree: Tree,
  { killMs }: Pick<EndingOptions, "killMs">,
  seen = new Set<string>(),
): Promise<ProcessInfo[]> {
  let members: ProcessInfo[] = [];
  const isEmpty = () => {
    members = membersOf(tree, seen);
    signalAll(members, new Set(), "SIGKILL");
    return members.length === 0;
  };
  // The pause lets the kernel end them, and is no longer, because a fork storm grows meanwhile.
  await until(isEmpty, { timeoutMs: killMs, everyMs: 1 });
  return members;
}

/**
 * A signal to every one of these, by group where the whole group is meant: that is one system call, and a
 * group that is signalled so cannot outrun it by forking.
 */
function signalAll(members: readonly ProcessInfo[], groupsToSpare: ReadonlySet<number>, signal: SignalName): void {
  const done = new Set<number>();
  for (const member of members) {
    if (done.has(member.pgid)) continue;
    if (groupsToSpare.has(member.pgid)) signalProcess(member, signal);
    else if (signalGroup(member, signal)) done.add(member.pgid);
  }
}

/** What names a process for good, for `seen`. */
export function keyOf(id: ProcessId): string {
  return `${id.pid}@${id.start}`;
}

/** The living processes of a tree, from now on `seen`. The dead ones that we had to adopt are reaped on the way. */
function membersOf(tree: Tree, seen: Set<string>): ProcessInfo[] {
  const members = findMembers(listProcesses(), { ...tree, seen }, readToken);
  for (const { pid, ppid, isZombie } of members) {
    if (isZombie && ppid === process.pid && pid !== tree.leader.pid) reapChild(pid);
  }
  members.forEach((member) => seen.add(keyOf(member)));
  return members.filter((member) => !member.isZombie);
}

/**
 * Who belongs to a tree: whoever carries its token, is in its leader's session or group, was seen in it before, or
 * descends from one of these. Each holds where another may fail: the token is Linux's, a session can be left,
 * a parent can be gone, and an iapeer below us gives its own commands tokens of their own.
 */
export function findMembers(
  table: readonly ProcessInfo[],
  tree: Tree & { readonly seen?: ReadonlySet<string> },
  tokenOf: (pid: number) => RunToken | undefined,
): ProcessInfo[] {
  const leader = tree.leader;
  // A start that is no number (that of a leader nobody saw) rules nobody out.
  const isYoungEnough = (info: ProcessInfo) => !(Number(info.start) < Number(leader.start));
  // The leader's number may belong to a stranger by now; then neither its session nor its group is ours. Session 0 is half the host.
  const isStrangers = !isPid(leader.pid) || table.some(({ pid, start }) => pid === leader.pid && start !== leader.start);
  const members = new Map<number, ProcessInfo>();
  const others = table.filter(({ pid }) => pid !== process.pid);
  for (const info of others) {
    const isInGroup = !isStrangers && (info.sid === leader.pid || info.pgid === leader.pid);
    if (isInGroup || tree.seen?.has(keyOf(info)) || (isYoungEnough(info) && tokenOf(info.pid) === tree.token))
      members.set(info.pid, info);
  }
  return withDescendants([...members.values()], others);
}

/** These processes, and all of a table that descend from them as their parents stand now. */
export function withDescendants(roots: readonly ProcessInfo[], table: readonly ProcessInfo[]): ProcessInfo[] {
  const members = new Map(roots.map((info) => [info.pid, info]));
  for (let size = -1; size !== members.size;) {
    size = members.size;
    for (const info of table) if (members.has(info.ppid)) members.set(info.pid, info);
  }
  return [...members.values()];
}
