import { until } from "./poll.ts";
import { reapChild } from "../libc.ts";
import type { ProcessId, ProcessInfo } from "./process-table.ts";
import { isPid, listProcesses } from "./processes.ts";
import { readToken, type RunToken } from "./run-token.ts";
import { signalGroup, type SignalName, signalProcess } from "./signals.ts";

/** A command and all that it started. */
export interface Tree {
  /** The command itself, the leader of its own session and group. */
  readonly leader: ProcessId;
  readonly token: RunToken;
}

export interface EndingOptions {
  /** The time from SIGTERM to SIGKILL. */
  readonly graceMs: number;
  /** The time for the killing. A process that is left then cannot be killed (uninterruptible sleep). */
  readonly killMs: number;
}

const POLL_MS = 20;

/**
 * Ends a whole tree: SIGTERM first, with SIGCONT so that a stopped process takes it, and then SIGKILL until a look at the process table
 * finds no process of it.
 *
 * @returns the processes that could not be ended; normally none.
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

/** Kills a tree, and the processes `seen` in it before, until none is left or `killMs` have passed. Returns the processes that are left. */
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
 * Signals every one of these processes, as a group where the whole group is meant. That is one system call, which a group cannot outrun
 * by forking.
 */
function signalAll(members: readonly ProcessInfo[], groupsToSpare: ReadonlySet<number>, signal: SignalName): void {
  const done = new Set<number>();
  for (const member of members) {
    if (done.has(member.pgid)) continue;
    if (groupsToSpare.has(member.pgid)) signalProcess(member, signal);
    else if (signalGroup(member, signal)) done.add(member.pgid);
  }
}

/** The name of a process that no other ever has, for a set. */
export function keyOf(id: ProcessId): string {
  return `${id.pid}@${id.start}`;
}

/** The living processes of a tree, which are added to `seen`. Dead ones that this process adopted are reaped. */
function membersOf(tree: Tree, seen: Set<string>): ProcessInfo[] {
  const members = findMembers(listProcesses(), { ...tree, seen }, readToken);
  for (const { pid, ppid, isZombie } of members) {
    if (isZombie && ppid === process.pid && pid !== tree.leader.pid) reapChild(pid);
  }
  members.forEach((member) => seen.add(keyOf(member)));
  return members.filter((member) => !member.isZombie);
}

/**
 * The processes of a tree: those that carry its token, are in its leader's session or group, were seen in it before, or descend from one
 * of these. Each rule holds where another fails: only Linux has the token, a process can leave a session, a parent can be gone, and an
 * iapeer below this one gives its own commands other tokens.
 */
export function findMembers(
  table: readonly ProcessInfo[],
  tree: Tree & { readonly seen?: ReadonlySet<string> },
  tokenOf: (pid: number) => RunToken | undefined,
): ProcessInfo[] {
  const leader = tree.leader;
  // A start that is no number, as of a leader that was never seen, rules no process out.
  const isYoungEnough = (info: ProcessInfo) => !(Number(info.start) < Number(leader.start));
  // Another process may have the leader's pid by now; then neither its session nor its group is ours. Session 0 is half the host.
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

/** These processes, and all in a table that descend from them by their present parents. */
export function withDescendants(roots: readonly ProcessInfo[], table: readonly ProcessInfo[]): ProcessInfo[] {
  const members = new Map(roots.map((info) => [info.pid, info]));
  for (let size = -1; size !== members.size;) {
    size = members.size;
    for (const info of table) if (members.has(info.ppid)) members.set(info.pid, info);
  }
  return [...members.values()];
}
