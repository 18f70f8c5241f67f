import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isRunning, listProcesses } from "../../src/core/process/processes.ts";
import { useBob } from "../support/bob.ts";
import { errorLine, ok } from "../support/calls.ts";
import { fixture } from "../support/fixtures.ts";
import { until } from "../support/sandbox.ts";
import { callOutside, launchPeer, readSession, recorderOf, tellAgent, untilGone } from "../support/session.ts";
import { openTerminal } from "../support/terminal.ts";

const bob = useBob();
const { readLog } = bob;

const peerFolder = () => join(bob.sandbox.root, "peers", "bob");

/** A launch whose agent tells what it was given, and stays. */
async function launchTelling(...args: string[]): Promise<string> {
  const told = join(bob.sandbox.folder, "told");
  bob.sandbox.env["IAPEER_CLAUDE_BIN"] = bob.sandbox.script(
    "teller",
    `{ pwd; printf '[%s]\\n' "$@"; env; } >'${told}'; echo ready; exec cat`,
  );
  await ok(bob.sandbox, "launch", "bob", ...args);
  return readFileSync(told, "utf8");
}

describe("launch", () => {
  test("starts the runtime in the peer's folder, with who it is in its environment", async () => {
    const told = await launchTelling();
    expect(told.split("\n")[0]).toBe(realpathSync(peerFolder()));
    expect(told).toContain("PEER_PERSONALITY=bob\n");
    expect(told).toContain("PEER_RUNTIME=claude\n");
    expect(told).toContain("PEER_IDENTITY=claude-bob\n");
  });

  test("hands arguments over as they are, those of launch.env first, and one of any length", async () => {
    bob.sandbox.write(
      join(peerFolder(), ".iapeer/runtimes/claude/launch.env"),
      `# mine\nFOO="a  b"\nPEER_START_ARGS=--first 'two words'\n`,
    );
    const long = "x".repeat(60_000);
    const odd = ["a;", "b\\;", "#{pid}", "$HOME", 'it\'s "so"', "", "-f", "~", "%1", "\n", "é☃", long];
    const told = await launchTelling("--", ...odd);
    expect(told).toContain(`${["--first", "two words", ...odd].map((one) => `[${one}]`).join("\n")}\n`);
    expect(told).toContain("FOO=a  b\n");
  });

  test("executes a program that gets no arguments as it is, whatever its path holds", async () => {
    bob.sandbox.env["IAPEER_CLAUDE_BIN"] = bob.sandbox.script("a b'c\"$HOME;#{pid}=`x`", "exec sleep 600");
    const { agent, server } = await launchPeer(bob.sandbox, "bob");
    expect(readFileSync(`/proc/${agent.pid}/cmdline`, "latin1")).toBe(["sleep", "600", ""].join("\0"));
    expect(listProcesses().find(({ pid }) => pid === agent.pid)?.ppid).toBe(server.pid);
  });

  test("of a live peer says so and changes nothing", async () => {
    const first = await launchPeer(bob.sandbox, "bob");
    const again = await bob.sandbox.json("launch", "bob");
    expect(again).toMatchObject({
      identity: "claude-bob",
      action: "already-live",
      server_pid: first.server.pid,
      pane_pid: first.agent.pid,
    });
  });

  test("of a live peer asks neither for its program nor for its launch.env", async () => {
    await ok(bob.sandbox, "launch", "bob");
    bob.sandbox.write(join(peerFolder(), ".iapeer/runtimes/claude/launch.env"), "nonsense\n");
    const again = await bob.sandbox.iapeerWith({ IAPEER_CLAUDE_BIN: "/nowhere/claude" }, "launch", "bob");
    expect([again.status, again.stdout]).toEqual([0, expect.stringContaining("is live already")]);
  });

  test("that fails takes the stop mark away all the same: the peer was wanted", async () => {
    await ok(bob.sandbox, "stop", "bob");
    bob.sandbox.env["IAPEER_CLAUDE_BIN"] = bob.sandbox.script("short", "exit 1");
    expect((await bob.sandbox.iapeer("launch", "bob")).status).toBe(1);
    expect((await bob.sandbox.json("list"))[0].runtimes).toEqual([{ runtime: "claude", status: "asleep" }]);
  });

  test("rotates the log of deaths when it is full, and takes the oldest forensics beyond a thousand", async () => {
    const logs = join(bob.sandbox.root, "logs/iapeer");
    const line = `ts=2026-01-01T00:00:00.000Z ev=server-exit identity=claude-bob verdict=unknown\n`;
    bob.sandbox.write(join(logs, "exits.log"), line);
    for (let n = 0; n < 1003; n += 1)
      bob.sandbox.write(join(logs, "server-deaths", `claude-bob-20260101T00${String(n).padStart(7, "0")}Z.txt`), "");
    await ok(bob.sandbox, "launch", "bob");
    expect(existsSync(join(logs, "exits.log.1"))).toBe(false);
    const kept = readdirSync(join(logs, "server-deaths")).toSorted();
    expect([kept.length, kept[0]]).toEqual([1000, "claude-bob-20260101T000000003Z.txt"]);
    bob.sandbox.env["IAPEER_LIFECYCLE_LOG_MAX_BYTES"] = "10";
    await ok(bob.sandbox, "supervise", "--once");
    expect(readFileSync(join(logs, "exits.log.1"), "utf8")).toBe(line);
    expect(await bob.sandbox.json("deaths")).toHaveLength(1);
  });

  test("of a process that ends in its first second fails with its status and its last lines, and is one death", async () => {
    bob.sandbox.env["IAPEER_CLAUDE_BIN"] = bob.sandbox.script("short", "echo one; echo two >&2; exit 7");
    const failed = await bob.sandbox.iapeer("launch", "bob", "--json");
    expect(failed.status).toBe(1);
    expect(errorLine(failed)).toMatchObject({ code: "launch-failed", details: { dead_status: 7, last_lines: ["one", "two"] } });
    expect(readLog("exits.log")).toMatchObject([{ ev: "session-exit", identity: "claude-bob", dead_status: "7" }]);
  });

  test.each([
    ["a missing program", { IAPEER_CLAUDE_BIN: "/nowhere/claude" }, "program-not-found", 3],
    ["a folder in the place of the program", { IAPEER_CLAUDE_BIN: "/tmp" }, "program-not-executable", 1],
  ])("with %s is refused before anything starts", async (_, env, code, status) => {
    const refused = await bob.sandbox.iapeerWith(env, "launch", "bob", "--json");
    expect(refused.status).toBe(status);
    expect(errorLine(refused).code).toBe(code as never);
    expect(existsSync(join(bob.sandbox.root, "socks"))).toBe(false);
  });

  test("of a peer whose folder is gone says that it is the folder", async () => {
    rmSync(peerFolder(), { recursive: true });
    const refused = await bob.sandbox.iapeer("launch", "bob", "--json");
    expect([refused.status, errorLine(refused).code]).toEqual([3, "folder-not-found"]);
  });

  test("restores the socket of a session that lost it, and list says meanwhile that it cannot tell", async () => {
    const { socket, server } = await launchPeer(bob.sandbox, "bob");
    rmSync(socket);
    expect((await bob.sandbox.json("list"))[0].runtimes).toEqual([
      { runtime: "claude", status: "unknown", reason: expect.stringContaining(`does not answer on its socket ${socket}`) },
    ]);
    expect(await bob.sandbox.json("launch", "bob")).toMatchObject({ action: "already-live", server_pid: server.pid });
    expect((await bob.sandbox.json("list"))[0].runtimes).toEqual([{ runtime: "claude", status: "live" }]);
  });

  test("ten times at once starts one session", async () => {
    const launches = Array.from(
      { length: 10 },
      async () => (await bob.sandbox.json("launch", "bob")) as { action: string; server_pid: number },
    );
    const calls = await Promise.all(launches);
    expect(calls.filter(({ action }) => action === "launched")).toHaveLength(1);
    expect(new Set(calls.map((call) => call.server_pid)).size).toBe(1);
  });

  test("reads a runtime that is not built in from its runtime.json", async () => {
    const pi = bob.sandbox.script("pi", `echo "$1"; exec cat`);
    bob.sandbox.write(join(bob.sandbox.root, "runtimes/pi/runtime.json"), JSON.stringify({ command: pi, args: ["run it"] }));
    await ok(bob.sandbox, "update", "bob", "--add-runtime", "pi");
    await ok(bob.sandbox, "launch", "bob", "--runtime", "pi");
    await until("it printed", async () => (await bob.sandbox.iapeer("tail", "bob", "--runtime", "pi")).stdout.includes("run it"));
  });

  test("leaves no trace of a tmux that it was typed in", async () => {
    const told = await bob.sandbox.iapeerWith({ TMUX: "/nowhere,1,0", TMUX_PANE: "%9" }, "launch", "bob");
    expect(told.status).toBe(0);
    expect(readSession(bob.sandbox, "claude-bob").socket).toBe(join(bob.sandbox.root, "socks/tmux-iap-claude-bob.sock"));
  });

  test("starts the agent under a login shell that nobody can log in with", async () => {
    expect(
      (await bob.sandbox.iapeerWith({ SHELL: "/usr/sbin/nologin", PATH: process.env["PATH"]! }, "launch", "bob")).status,
    ).toBe(0);
    await tellAgent(readSession(bob.sandbox, "claude-bob"), "exit 5");
    await until("its end is recorded", () => readLog("exits.log").length === 1);
    expect(readLog("exits.log")).toMatchObject([{ ev: "session-exit", dead_status: "5" }]);
  });
});

describe("stop", () => {
  test("ends everything that the agent started, a child that ignores hangups and one in another session included", async () => {
    bob.sandbox.env["IAPEER_CLAUDE_BIN"] = fixture("stubborn-agent.sh");
    const { server, agent } = await launchPeer(bob.sandbox, "bob");
    const below = listProcesses().filter(({ ppid }) => ppid === agent.pid);
    expect(below.length).toBeGreaterThan(0);
    expect(await bob.sandbox.json("stop", "bob")).toEqual([
      { identity: "claude-bob", action: "stopped", server_pid: server.pid },
    ]);
    expect([server, agent, ...below].filter(isRunning)).toEqual([]);
    expect(existsSync(join(bob.sandbox.root, "socks/tmux-iap-claude-bob.sock"))).toBe(false);
    expect(readLog("exits.log")).toEqual([]);
    expect((await bob.sandbox.json("list"))[0].runtimes).toEqual([{ runtime: "claude", status: "stopped" }]);
  });

  test("of a peer that is not live says so, and is no failure", async () => {
    expect(await bob.sandbox.json("stop", "bob")).toEqual([{ identity: "claude-bob", action: "not-running" }]);
  });

  test("does nothing to a server that was not launched here", async () => {
    mkdirSync(join(bob.sandbox.root, "socks"), { recursive: true, mode: 0o700 });
    const socket = join(bob.sandbox.root, "socks/tmux-iap-claude-bob.sock");
    await callOutside({ socket, sandbox: bob.sandbox }, "new-session", "-d", "-s", "claude-bob", "cat");
    const refused = await bob.sandbox.iapeer("stop", "bob", "--json");
    expect(refused.status).toBe(4);
    expect(JSON.parse(refused.stdout)).toMatchObject([{ action: "failed", error: { code: "stale-incarnation" } }]);
    expect(await callOutside({ socket, sandbox: bob.sandbox }, "list-sessions", "-F", "#{session_name}")).toBe("claude-bob");
    // To be adopted it must be asked for.
    await ok(bob.sandbox, "canary", "arm", "bob");
    expect(await bob.sandbox.json("stop", "bob")).toMatchObject([{ action: "stopped" }]);
  });

  test("ends a session whose socket was deleted", async () => {
    const { socket, server } = await launchPeer(bob.sandbox, "bob");
    rmSync(socket);
    expect(await bob.sandbox.json("stop", "bob")).toMatchObject([{ action: "stopped" }]);
    await untilGone(server);
    expect(readLog("exits.log")).toEqual([]);
  });
});

describe("a person", () => {
  test("attaches in a real terminal, types to the agent, leaves it running, and ends it by what they type", async () => {
    await launchPeer(bob.sandbox, "bob");
    using terminal = openTerminal(bob.sandbox);
    terminal.type("iapeer attach bob");
    await terminal.shows(/ready/);
    terminal.type("hello");
    await terminal.shows(/heard hello/);
    terminal.key("C-b");
    terminal.key("d");
    await terminal.shows(/\[exit 0\]/);
    expect((await bob.sandbox.json("list"))[0].runtimes).toEqual([{ runtime: "claude", status: "live" }]);
    terminal.type("iapeer attach bob");
    await terminal.shows(/heard hello/);
    terminal.type("exit 7");
    await until("its end is recorded", () => readLog("exits.log").length === 1);
    expect(readLog("exits.log")).toMatchObject([{ ev: "session-exit", dead_status: "7", dead_signal: "" }]);
    // The second attach has come to its end as well.
    await terminal.shows(/\[exit \d\][^]*\[exit \d\]/);
    terminal.type("iapeer launch bob");
    await terminal.shows(/launched claude-bob/);
  });

  test("cannot attach without a terminal, nor to a peer that is not live", async () => {
    expect(errorLine(await bob.sandbox.iapeer("attach", "bob", "--json")).code).toBe("peer-not-live");
    await launchPeer(bob.sandbox, "bob");
    expect((await bob.sandbox.iapeer("attach", "bob")).stderr).toContain("attach needs a terminal");
  });

  test("opens a window beside the agent and gets their own shell", async () => {
    await launchPeer(bob.sandbox, "bob");
    const session = readSession(bob.sandbox, "claude-bob");
    const option = await callOutside(session, "show-options", "-gv", "default-command");
    expect(option).toBe(bob.sandbox.env["SHELL"] === undefined ? "" : `exec '${bob.sandbox.env["SHELL"]}' -l`);
  });
});

test.skipIf(process.platform !== "linux")(
  "a stop ends no session that the agent launched, also where it is the parent of all its orphans",
  async () => {
    bob.sandbox.env["IAPEER_CLAUDE_BIN"] = bob.sandbox.script("reaper", `exec '${process.execPath}' '${fixture("reaper.ts")}'`);
    await ok(bob.sandbox, "add", "alice", "--runtime", "codex");
    await ok(bob.sandbox, "update", "bob", "--manager", "on");
    await launchPeer(bob.sandbox, "bob");
    await until("alice is launched", async () => (await bob.sandbox.iapeer("tail", "bob")).stdout.includes("\nlaunched"));
    const alice = readSession(bob.sandbox, "codex-alice");
    await ok(bob.sandbox, "stop", "bob");
    expect([isRunning(alice.server), isRunning(alice.agent), recorderOf(alice) !== undefined]).toEqual([true, true, true]);
  },
  30_000,
);
