import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { layoutFrom } from "../../src/core/layout.ts";
import type { ProcessId, ProcessInfo } from "../../src/core/process/process-table.ts";
import { isRunning, listProcesses } from "../../src/core/process/processes.ts";
import { hasRecorder, readCanaryRecord } from "../../src/launch/recorder/recorder.ts";
import { registerPeer } from "../../src/registry/registry.ts";
import { RUNTIMES } from "../../src/model/runtimes.ts";
import { incarnationPaths, readCurrent } from "../../src/status/incarnation/incarnation.ts";
import { ok } from "./calls.ts";
import { fixture } from "./fixtures.ts";
import { type Sandbox, until } from "./sandbox.ts";

/** A launched session of a sandbox, with its processes as they were when the launch returned. */
export interface Session {
  readonly sandbox: Sandbox;
  readonly identity: string;
  readonly incarnation: string;
  readonly socket: string;
  readonly server: ProcessId;
  /** The process of the agent's pane. */
  readonly agent: ProcessId;
}

/** The recorders' grace: short, but longer than a claim takes. */
const GRACE_MS = 300;

/** Has `launch` of every built-in runtime start tests/fixtures/agent.sh, with a short grace for recorders. */
export function prepareSessions(sandbox: Sandbox, { graceMs = GRACE_MS }: { readonly graceMs?: number } = {}): void {
  const agent = sandbox.write("agent", readFileSync(fixture("agent.sh"), "utf8"), 0o700);
  for (const { variable } of Object.values(RUNTIMES)) sandbox.env[variable] = agent;
  Object.assign(sandbox.env, { IAPEER_CANARY_GRACE_MS: String(graceMs) });
}

/** Registers a peer without a process of the program, which would be a tenth of what most tests cost. */
export async function registerBy({ env }: Sandbox, personality: string, runtime = "claude"): Promise<void> {
  const layout = layoutFrom(env);
  const request = { personality, runtimes: [runtime], cwd: join(layout.peersFolder, personality), hasOwnFolder: false };
  await registerPeer(layout, { lockTimeoutMs: 30_000 }, request);
}

/**
 * Declares the prompt of scripts that stand in for claude and codex: they read bare lines. Without it a message is only typed at the
 * prompts of the real ones.
 */
export function declareLineReaders({ root }: Pick<Sandbox, "root">): void {
  for (const runtime of ["claude", "codex"]) {
    const folder = join(root, "runtimes", runtime);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(join(folder, "runtime.json"), JSON.stringify({ prompt: { sign: "" } }), { mode: 0o600 });
  }
}

/** Launches a registered peer. Throws when that fails. */
export async function launchPeer(
  sandbox: Sandbox,
  personality: string,
  runtime = "claude",
  more: readonly string[] = [],
): Promise<Session> {
  await ok(sandbox, "launch", personality, "--runtime", runtime, ...more);
  return readSession(sandbox, `${runtime}-${personality}`);
}

/** The current session of an identity, or its last one. */
export function readSession(sandbox: Sandbox, identity: string): Session {
  const found = readCurrent(layoutFrom(sandbox.env), identity);
  if (!found?.server || found.pane === null) throw new Error(`${identity} has no session: ${JSON.stringify(found)}`);
  return { sandbox, identity, incarnation: found.incarnation, socket: found.socket, server: found.server, agent: found.pane };
}

/** The recorder of a session while it lives. */
export function recorderOf(session: Session): ProcessId | undefined {
  const paths = incarnationPaths(layoutFrom(session.sandbox.env), session.identity, session.incarnation);
  const recorder = readCanaryRecord(paths)?.recorder;
  return recorder !== undefined && hasRecorder(paths) && isRunning(recorder) ? recorder : undefined;
}

/** Waits for the tmux client that a recorder waits through. */
export async function clientOf(session: Session): Promise<ProcessId> {
  let client: ProcessId | undefined;
  await until("the recorder waits through a client", () => {
    const recorder = recorderOf(session);
    client = listProcesses().find(({ pid, ppid, isZombie }) => ppid === recorder?.pid && !isZombie && isTmux(pid));
    return client !== undefined;
  });
  return client!;
}

/** Tells whether a process has become tmux, and is no longer the shell that forked for it. */
export function isTmux(pid: number): boolean {
  return readProgramName(pid).includes("tmux");
}

/** The name of the program that a process runs; empty when the process is gone. */
function readProgramName(pid: number): string {
  if (process.platform !== "linux") {
    return Bun.spawnSync(["ps", "-o", "comm=", "-p", String(pid)], { stdin: "ignore", stderr: "ignore" }).stdout.toString();
  }
  try {
    return readFileSync(`/proc/${pid}/comm`, "latin1");
  } catch {
    return "";
  }
}

/** Signals all targets with one call of kill(1). Throws when a target does not run before that. */
export function signal(name: string, ...targets: readonly ProcessId[]): void {
  const gone = targets.find((target) => !isRunning(target));
  if (gone !== undefined) throw new Error(`pid ${gone.pid} is gone before it got SIG${name}`);
  Bun.spawnSync(["/bin/kill", "-s", name, ...targets.map(({ pid }) => String(pid))], {
    stdin: "ignore",
    stdout: "ignore",
    stderr: "ignore",
  });
}

export async function untilGone(...targets: readonly ProcessId[]): Promise<void> {
  await until(`pids ${targets.map(({ pid }) => pid).join(", ")} are gone`, () => !targets.some(isRunning));
}

/** Calls tmux as an outsider who knows nothing of iapeer. */
export async function callOutside(
  { socket, sandbox }: Pick<Session, "socket" | "sandbox">,
  ...args: readonly string[]
): Promise<string> {
  const child = Bun.spawn(["tmux", "-f", "/dev/null", "-S", socket, ...args], {
    env: { ...sandbox.env, TERM: "xterm" },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: 10_000,
    killSignal: "SIGKILL",
  });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (child.exitCode !== 0) throw new Error(`tmux ${args.join(" ")}: ${stderr}`);
  return stdout.trimEnd();
}

/** Types a line to the agent. */
export async function tellAgent(session: Session, line: string): Promise<void> {
  await callOutside(session, "send-keys", "-t", `=${session.identity}:`, line, "Enter");
}

/** Every process with a sandbox's root in its environment, whatever its parent is. Only Linux shows another process's environment. */
export function processesOf({ root }: Sandbox): ProcessInfo[] {
  return listProcesses().filter(({ pid, isZombie }) => !isZombie && rootOf(pid) === root);
}

/** The iapeer root in the environment of a process; undefined when there is none, or when it cannot be read. */
export function rootOf(pid: number): string | undefined {
  if (process.platform !== "linux") return undefined;
  try {
    return /(?:^|\0)IAPEER_ROOT=([^\0]*)/.exec(readFileSync(`/proc/${pid}/environ`, "latin1"))?.[1];
  } catch {
    // The process has ended, or belongs to another user.
    return undefined;
  }
}
