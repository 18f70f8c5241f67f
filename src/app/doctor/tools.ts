import { readlinkSync } from "node:fs";
import { IapeerError } from "../../model/errors.ts";
import type { Env } from "../../core/layout.ts";
import { OLDEST_TMUX, parseTmuxVersion, type Tmux } from "../../core/tmux.ts";
import { failure, good, orGood, warning } from "./check.ts";
import type { Check } from "./types.ts";
import { scopeLauncher } from "../../core/service/scope.ts";

/** The oldest tmux that has `#{pane_dead_signal}`. */
const TELLS_SIGNALS = [3, 3] as const;
/** The oldest tmux that does not lose a SIGCHLD now and then. */
const SEES_EVERY_END = [3, 5] as const;

/** Checks that the tmux on PATH is good enough, and tells what it lacks. */
export async function checkTmux(tmux: Tmux): Promise<Check> {
  try {
    return judgeTmux(tmux.path, await tmux.readVersion());
  } catch (error) {
    if (error instanceof IapeerError) return failure("tmux", error.message, error.hint);
    throw error;
  }
}

/** The row for a tmux at a path, by the version that it tells. */
export function judgeTmux(tmux: string, text: string | undefined): Check {
  if (text === undefined) return failure("tmux", `${tmux} does not say its version`, `try it: '${tmux}' -V`);
  const version = parseTmuxVersion(text);
  const name = `tmux ${text} at ${tmux}`;
  if (version === undefined) return good("tmux", `${name}; a version without a number is taken to be new enough`);
  if (isOlder(version, OLDEST_TMUX))
    return failure("tmux", `${name} cannot hold sessions: it has no server in the foreground (-D)`, "install tmux 3.2 or later");
  if (isOlder(version, TELLS_SIGNALS))
    return warning("tmux", `${name} does not tell which signal ended an agent (pane_dead_signal)`, "install tmux 3.3 or later");
  if (isOlder(version, SEES_EVERY_END))
    return good(
      "tmux",
      `${name}; before 3.5 it would miss one end of an agent in five, but for the session's log, which holds the terminal`,
    );
  return good("tmux", name);
}

type Version = readonly [number, number];

function isOlder([major, minor]: Version, [leastMajor, leastMinor]: Version): boolean {
  return major < leastMajor || (major === leastMajor && minor < leastMinor);
}

/** The folders where the hook and the session's logger find their tools; below, those of the recorder. */
const HOOK_PATH = "/usr/bin:/bin:/usr/sbin:/sbin";
const RECORDER_PATH = `${HOOK_PATH}:/usr/local/bin:/opt/homebrew/bin:/run/current-system/sw/bin`;

const HOOK_TOOLS = ["awk", "cat", "date", "dd", "mkdir", "mv", "rm", "tail", "tr", "wc"];
const RECORDER_TOOLS = ["awk", "cat", "cut", "date", "grep", "head", "mkdir", "mv", "ps", "rm", "sed", "sleep", "tail"];
const LINUX_TOOLS = ["readlink", "timeout"];

/** Checks that the programs are there that make the records of deaths. */
export function checkTools({ PATH = "" }: Env): readonly Check[] {
  const isLinux = process.platform === "linux";
  const lacks = (tools: readonly string[], path: string, what: string) =>
    findMissing(tools, path).map((tool) => failure("tools", `${what} needs ${tool}, which is not in ${path}`, `install ${tool}`));
  const problems = [
    ...lacks(["sh"], "/bin", "everything"),
    ...lacks(HOOK_TOOLS, HOOK_PATH, "the record of a session's end"),
    ...lacks([...RECORDER_TOOLS, ...(isLinux ? LINUX_TOOLS : [])], RECORDER_PATH, "the record of a server's end"),
    ...(isLinux ? findMissing(["setsid"], PATH) : []).map(() =>
      warning(
        "tools",
        "setsid is not on PATH: a signal to the whole group of a server takes its recorder with it",
        "install setsid (util-linux)",
      ),
    ),
  ];
  return orGood(problems, "tools", "every program that a record is made with is there");
}

/** The programs that are in none of a path's folders. */
export function findMissing(tools: readonly string[], path: string): string[] {
  return tools.filter((tool) => Bun.which(tool, { PATH: path }) === null);
}

/** Tells which other programs would know more about a death. None of them is needed. */
export function checkWitnesses(env: Env): readonly Check[] {
  if (process.platform !== "linux") return [];
  return [checkKernelLog(), checkCoreDumps(), checkScopes(env)];
}

const PROBE_MS = 2000;
/** The first pid namespace (include/linux/proc_ns.h); in any other the kernel's pids are not ours. */
const FIRST_NAMESPACE = "pid:[4026531836]";

function checkKernelLog(): Check {
  const otherwise = "a kill for memory is told from the kernel's counters alone";
  if (readPidNamespace() !== FIRST_NAMESPACE)
    return good("kernel-log", `this is a container, whose pids the kernel's log does not have: ${otherwise}`);
  const reader = [["dmesg"], ["journalctl", "-k", "-q", "--no-pager", "-n", "1"]].find(says);
  if (reader !== undefined) return good("kernel-log", `${reader[0]} reads the kernel's log`);
  return good(
    "kernel-log",
    `the kernel's log cannot be read: ${otherwise}`,
    "to let it be read: join the group systemd-journal or adm",
  );
}

function readPidNamespace(): string | undefined {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    // A kernel without namespaces has one.
    return FIRST_NAMESPACE;
  }
}

function says([name, ...args]: readonly string[]): boolean {
  const program = Bun.which(name!, { PATH: RECORDER_PATH });
  if (program === null) return false;
  const { success, stdout } = Bun.spawnSync([program, ...args], { stdin: "ignore", stderr: "ignore", timeout: PROBE_MS });
  return success && stdout.length > 0;
}

function checkCoreDumps(): Check {
  if (findMissing(["coredumpctl"], RECORDER_PATH).length === 0) return good("core-dumps", "coredumpctl knows of crashes");
  return good("core-dumps", "coredumpctl is not here: a crash is known by its signal alone, without a trace");
}

function checkScopes(env: Env): Check {
  if (scopeLauncher(env) !== undefined) return good("scopes", "each server gets a scope of its own under systemd");
  return good("scopes", "no systemd of yours runs: a server shares the control group of whoever launches it");
}
