// Sessions of several peers on one tmux server, which may be a person's own.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { isRunning, listProcesses } from "../../src/core/process/processes.ts";
import { signalProcess } from "../../src/core/process/signals.ts";
import { useBob } from "../support/bob.ts";
import { errorLine, ok } from "../support/calls.ts";
import { until } from "../support/sandbox.ts";
import {
  callOutside,
  declareLineReaders,
  launchPeer,
  recorderOf,
  type Session,
  signal,
  tellAgent,
  untilGone,
} from "../support/session.ts";
import { type PersonsServer, prepareShared, SHARED, startPersonsServer } from "../support/shared-server.ts";
import { openTerminal } from "../support/terminal.ts";

const bob = useBob();
let socket: string;
let persons: PersonsServer | undefined;

beforeEach(async () => {
  socket = prepareShared(bob.sandbox);
  persons = undefined;
  await ok(bob.sandbox, "add", "amy");
});

afterEach(async () => {
  if (persons !== undefined) {
    signalProcess(persons.server, "SIGKILL");
    await untilGone(persons.server);
  }
});

async function startPersons(): Promise<PersonsServer> {
  persons = await startPersonsServer(bob.sandbox);
  return persons;
}

const launch = async (name: string) => await launchPeer(bob.sandbox, name, "claude", ["--socket", SHARED]);
const tmux = async (...args: readonly string[]) => await callOutside({ socket, sandbox: bob.sandbox }, ...args);
const names = async () => (await tmux("list-sessions", "-F", "#{session_name}")).split("\n");
const deaths = () => bob.readLog("exits.log").map(({ ev, identity, cause }) => [ev, identity, cause]);

async function statusOf(name: string): Promise<string> {
  const rows = (await bob.sandbox.json("list")) as { personality: string; runtimes: { status: string }[] }[];
  return rows.find(({ personality }) => personality === name)!.runtimes[0]!.status;
}

/** The rest of a session's own: its recorder, and whatever waits or logs for it. */
function belongingsOf(session: Session): string[] {
  return listProcesses()
    .filter(({ isZombie }) => !isZombie)
    .map(({ pid }) => commandOf(pid))
    .filter((command) => command.includes(session.incarnation));
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}

describe("launch --socket", () => {
  test("makes a session of the peer's identity on that server, and starts one where none runs", async () => {
    const one = await launch("bob");
    expect(one.socket).toBe(socket);
    expect(await names()).toEqual(["claude-bob"]);
    const two = await launch("amy");
    expect(two.server).toEqual(one.server);
    expect(await names()).toEqual(["claude-amy", "claude-bob"]);
    expect(await tmux("show-options", "-sv", "exit-empty")).toBe("on");
    await ok(bob.sandbox, "stop", "bob");
    expect([await names(), isRunning(one.server)]).toEqual([["claude-amy"], true]);
    await ok(bob.sandbox, "stop", "amy");
    await untilGone(one.server);
  });

  test("makes the folder of named sockets private, and refuses one that is not", async () => {
    await launch("bob");
    expect(statSync(dirname(socket)).mode & 0o777).toBe(0o700);
    await ok(bob.sandbox, "stop", "bob");
    chmodSync(dirname(socket), 0o755);
    const refused = await bob.sandbox.iapeer("launch", "bob", "--socket", SHARED, "--json");
    chmodSync(dirname(socket), 0o700);
    expect([refused.status, errorLine(refused).code]).toEqual([5, "socket-folder-insecure"]);
  });

  test("gives two launches at once one server", async () => {
    const [one, two] = await Promise.all([launch("bob"), launch("amy")]);
    expect(two.server).toEqual(one.server);
    await until("nothing but the two is there", async () => (await names()).join(" ") === "claude-amy claude-bob");
  });

  test("gives a peer that is live one session, wherever it was asked for", async () => {
    const { server } = await launch("bob");
    expect(await bob.sandbox.json("launch", "bob", "--socket", SHARED)).toMatchObject({
      action: "already-live",
      socket,
      server_pid: server.pid,
    });
    const elsewhere = await bob.sandbox.iapeer("launch", "bob", "--socket", "other");
    expect([elsewhere.status, elsewhere.stderr]).toEqual([
      0,
      `warning: claude-bob is live already: it stays on the server of ${socket}\n`,
    ]);
    expect(existsSync(join(dirname(socket), "other"))).toBe(false);
  });

  test("refuses a session of that name which is somebody else's, and does nothing to it", async () => {
    await startPersons();
    await tmux("new-session", "-d", "-s", "claude-bob", "exec sleep 600");
    const before = await tmux("list-panes", "-a", "-F", "#{session_name} #{pane_pid} #{remain-on-exit}");
    const refused = await bob.sandbox.iapeer("launch", "bob", "--socket", SHARED, "--json");
    expect([refused.status, errorLine(refused).code]).toEqual([4, "stale-incarnation"]);
    expect(await tmux("list-panes", "-a", "-F", "#{session_name} #{pane_pid} #{remain-on-exit}")).toBe(before);
    expect([await statusOf("bob"), deaths()]).toEqual(["asleep", []]);
    await ok(bob.sandbox, "stop", "bob");
    expect(await names()).toEqual(["claude-bob", "mine"]);
  });

  test("tells how a process ended within its first second", async () => {
    await startPersons();
    bob.sandbox.script("agent", "echo no key; exit 3");
    const failed = await bob.sandbox.iapeer("launch", "bob", "--socket", SHARED, "--json");
    expect([failed.status, errorLine(failed)]).toMatchObject([
      1,
      { code: "launch-failed", details: { dead_status: 3, last_lines: ["no key"] } },
    ]);
    await until("only the person's session is there", async () => (await names()).join(" ") === "mine");
  });

  test.each(["a/b", "..", "-x", "a b"])("refuses %j for a name", async (name) => {
    const refused = await bob.sandbox.iapeer("launch", "bob", `--socket=${name}`, "--json");
    expect([refused.status, errorLine(refused).code]).toEqual([2, "invalid-name"]);
  });

  test("refuses in a sandbox what is not the sandbox's", async () => {
    for (const folder of ["/tmp", "", "/var/tmp"]) {
      const refused = await bob.sandbox.iapeerWith({ TMUX_TMPDIR: folder }, "launch", "bob", "--socket", SHARED, "--json");
      expect([refused.status, errorLine(refused).code]).toEqual([2, "sandbox-violation"]);
    }
  });
});

describe("the agent's environment", () => {
  /** The last is from the recorder that starts a server of its own. */
  const KNOWN = new Set(["TERM", "TMUX", "TMUX_PANE", "OLDPWD", "IAPEER_TOKEN"]);
  const AGENT = 'export -p | grep -v "^export _=" | sed "s/^export //" >"$OUT"; exec cat';

  async function environmentOn(more: readonly string[], out: string): Promise<string[]> {
    const env = { OUT: out, WITH_LINES: 'a\'b\n"c" $d `e` #{f} %H ; \\', EMPTY: "", OWN: "é", "not-a-name": "x" };
    const { status, stderr } = await bob.sandbox.iapeerWith(env, "launch", "bob", ...more);
    if (status !== 0) throw new Error(stderr);
    await ok(bob.sandbox, "stop", "bob");
    return readFileSync(out, "utf8")
      .split("\n")
      .filter((line) => !KNOWN.has(line.split("=")[0]!));
  }

  test("is what it has on a server of its own, and nothing of who started the server", async () => {
    await startPersons();
    bob.sandbox.script("agent", AGENT);
    const folder = join(bob.sandbox.root, "peers/bob/.iapeer/runtimes/claude");
    bob.sandbox.write(join(folder, "launch.env"), "API_URL=https://models.example/v1\nPATH=/usr/bin:/bin\n");
    const alone = await environmentOn([], bob.sandbox.write("alone", ""));
    const shared = await environmentOn(["--socket", SHARED], bob.sandbox.write("alone", ""));
    expect(shared).toEqual(alone);
    expect(shared.filter((line) => /^(API_URL|PATH|HOME|PEER_IDENTITY|OWN|EMPTY)=/.test(line)).toSorted()).toEqual([
      "API_URL='https://models.example/v1'",
      "EMPTY=''",
      `HOME='${bob.sandbox.home}'`,
      "OWN='é'",
      "PATH='/usr/bin:/bin'",
      "PEER_IDENTITY='claude-bob'",
    ]);
  });

  test("stands on no command line, and is not the server's", async () => {
    const env = { A_SECRET: "swordfish-9" };
    const launching = bob.sandbox.start(["launch", "bob", "--socket", SHARED], env);
    const seen = new Set<string>();
    while (launching.exitCode === null) {
      for (const { pid } of listProcesses()) seen.add(commandOf(pid));
      await Bun.sleep(1);
    }
    expect(launching.exitCode).toBe(0);
    expect([...seen].filter((command) => command.includes("swordfish-9"))).toEqual([]);
    expect(await tmux("show-environment", "-g")).not.toMatch(/^(?:PEER_|IAPEER_TOKEN)/m);
    expect(await tmux("show-environment", "-t", "=claude-bob")).not.toContain("IAPEER_TOKEN");
  });
});

describe("a person's server", () => {
  const all = async () =>
    await Promise.all(
      [
        ["show-options", "-s"],
        ["show-options", "-g"],
        ["show-options", "-gw"],
        ["show-hooks", "-g"],
        ["show-environment", "-g"],
        ["show-options", "-t", "=mine:"],
        ["show-options", "-p", "-t", "=mine:"],
      ].map(async (args) => await tmux(...args)),
    );

  test("keeps every option, hook and variable, and their sessions, whatever is launched, ends and is stopped", async () => {
    const { server, mine } = await startPersons();
    const before = await all();
    const one = await launch("bob");
    const two = await launch("amy");
    expect(await all()).toEqual(before);
    await tellAgent(one, "exit 7");
    await until("the end is recorded", () => deaths().length === 1);
    await ok(bob.sandbox, "stop", "--all");
    expect([await names(), isRunning(server), isRunning(mine), isRunning(two.agent)]).toEqual([["mine"], true, true, false]);
    expect(await all()).toEqual(before);
    await until("nothing of the two is left", () => [one, two].every((session) => belongingsOf(session).length === 0));
    expect(deaths()).toEqual([["session-exit", "claude-bob", undefined]]);
  });

  test("may end sessions that nobody looks at, open windows by itself and count from one", async () => {
    await startPersons();
    await tmux("set-option", "-g", "base-index", "1");
    await tmux("set-option", "-g", "pane-base-index", "1");
    await tmux("set-hook", "-g", "after-new-session", "split-window -h 'exec sleep 600'");
    const session = await launch("bob");
    await tmux("set-option", "-t", "=mine:", "destroy-unattached", "off");
    await tmux("set-option", "-g", "destroy-unattached", "on");
    await tmux("new-session", "-d", "-s", "passing", ";", "kill-session", "-t", "=passing");
    declareLineReaders(bob.sandbox);
    await ok(bob.sandbox, "send", "bob", "-m", "hello");
    expect(isRunning(session.agent)).toBe(true);
    const panes = (await tmux("list-panes", "-s", "-t", "=claude-bob", "-F", "#{pane_pid} #{@iap_agent}")).split("\n");
    expect(panes.filter((line) => line.endsWith(session.incarnation))).toEqual([`${session.agent.pid} ${session.incarnation}`]);
    await tmux("send-keys", "-t", "=claude-bob:.{left}", "exit 7", "Enter");
    await until("the end is recorded", () => deaths().length === 1);
  });
});

describe("status", () => {
  test("is live while server and agent are there, and asleep on a server that goes on", async () => {
    await startPersons();
    const session = await launch("bob");
    expect(await statusOf("bob")).toBe("live");
    expect(await bob.sandbox.json("canary", "status")).toMatchObject([
      { identity: "claude-bob", armed: true, witness: "client", server_pid: session.server.pid },
    ]);
    await tmux("kill-session", "-t", "=claude-bob");
    await untilGone(session.agent);
    expect(await statusOf("bob")).toBe("asleep");
    await until("the end is recorded", () => deaths().length === 1);
    expect(deaths()).toEqual([["session-exit", "claude-bob", "pane-closed"]]);
    await until("its recorder and its log are gone too", () => belongingsOf(session).length === 0);
    expect(await bob.sandbox.json("canary", "status")).toEqual([]);
    await launch("bob");
    await ok(bob.sandbox, "stop", "bob");
    expect(await statusOf("bob")).toBe("stopped");
    expect(deaths().length).toBe(1);
  });

  test("is well in doctor, status, show and verify", async () => {
    await startPersons();
    const { server } = await launch("bob");
    const { stdout } = await bob.sandbox.iapeer("doctor", "--no-self-test", "--json");
    const { checks } = JSON.parse(stdout) as { checks: { check: string; state: string }[] };
    expect(checks.filter(({ check, state }) => state !== "ok" && check !== "supervise")).toEqual([]);
    expect((await ok(bob.sandbox, "status")).stdout).toContain("1 live");
    expect((await ok(bob.sandbox, "show", "bob")).stdout).toContain("live");
    await ok(bob.sandbox, "verify");
    expect(isRunning(server)).toBe(true);
  });

  test("supervise finds nothing to do, and arms a recorder that was lost", async () => {
    await startPersons();
    const session = await launch("bob");
    expect(await bob.sandbox.json("supervise", "--once")).toEqual([]);
    const recorder = recorderOf(session)!;
    signal("KILL", recorder);
    await untilGone(recorder);
    await until("its client is gone with it", () => !belongingsOf(session).some((command) => command.includes("iap-ready")));
    expect(await bob.sandbox.json("supervise", "--once")).toEqual([{ identity: "claude-bob", action: "armed" }]);
    await tmux("kill-session", "-t", "=claude-bob");
    await until("the end is recorded", () => deaths().length === 1);
    await ok(bob.sandbox, "supervise", "--once");
    expect(deaths()).toEqual([["session-exit", "claude-bob", "pane-closed"]]);
  });
});

describe("a server with several agents that dies", () => {
  test.each([
    ["kill-server", "signaled-server-gone"],
    ["SIGKILL", "server-vanished"],
  ])("by %s is one death for each, and one incident", async (how, cause) => {
    const { server } = await startPersons();
    await launch("bob");
    await launch("amy");
    if (how === "SIGKILL") signal("KILL", server);
    else await tmux("kill-server");
    await until("both are recorded", () => deaths().length === 2);
    expect(
      deaths()
        .map(([...words]) => words.join(" "))
        .toSorted((a, b) => (a < b ? -1 : 1)),
    ).toEqual([`server-exit claude-amy ${cause}`, `server-exit claude-bob ${cause}`]);
    const told = (await bob.sandbox.json("deaths")) as { incident?: string }[];
    expect(told.map(({ incident }) => incident)).toEqual([told[0]!.incident!, told[0]!.incident!]);
    persons = undefined;
  });
});

describe("what a person does to a session", () => {
  test("attach and watch show it, tail has its words, send reaches it, and a look leaves nothing", async () => {
    await startPersons();
    const session = await launch("bob");
    using attached = openTerminal(bob.sandbox, { columns: 120, called: "attached" });
    attached.type("iapeer attach bob");
    await attached.shows(/ready/);
    using watching = openTerminal(bob.sandbox, { called: "watching" });
    watching.type("iapeer watch bob");
    await watching.shows(/ready[^]*watching/);
    // The pane is in two sessions now, and only one of them bears the stamp for sure.
    declareLineReaders(bob.sandbox);
    await ok(bob.sandbox, "send", "bob", "-m", "hello");
    await attached.shows(/heard/);
    await watching.shows(/heard/);
    expect((await ok(bob.sandbox, "tail", "bob")).stdout).toContain("ready");
    await tmux("new-window", "-d", "-t", "=claude-bob:", "exec sleep 600");
    await tellAgent(session, "exit 7");
    await attached.shows(/\[exit/);
    await watching.shows(/\[exit/);
    await until("only the person's session is there", async () => (await names()).join(" ") === "mine");
    expect(deaths()).toEqual([["session-exit", "claude-bob", undefined]]);
  });

  test("a session of their own in its group stays theirs", async () => {
    await startPersons();
    const session = await launch("bob");
    await tmux("new-session", "-d", "-t", "=claude-bob", "-s", "look");
    await tmux("new-window", "-d", "-t", "=look:", "exec sleep 600");
    declareLineReaders(bob.sandbox);
    await ok(bob.sandbox, "send", "bob", "-m", "hello");
    await ok(bob.sandbox, "stop", "bob");
    expect([await names(), isRunning(session.agent)]).toEqual([["look", "mine"], false]);
    expect(deaths()).toEqual([]);
  });

  test("windows beside an agent that is gone are not taken for it, and stop closes them", async () => {
    await startPersons();
    const session = await launch("bob");
    await tmux("new-window", "-d", "-t", "=claude-bob:", "exec sleep 600");
    await tmux("kill-window", "-t", "=claude-bob:0");
    await until("the end is recorded", () => deaths().length === 1);
    expect(await statusOf("bob")).toBe("asleep");
    const refused = await bob.sandbox.iapeer("launch", "bob", "--socket", SHARED, "--json");
    expect(errorLine(refused)).toMatchObject({ code: "launch-failed" });
    await ok(bob.sandbox, "stop", "bob");
    expect(await names()).toEqual(["mine"]);
    await launch("bob");
    expect(deaths().length).toBe(1);
    expect(belongingsOf(session)).toEqual([]);
  });

  test("an agent that ignores that its session was closed is ended by the next launch", async () => {
    await startPersons();
    bob.sandbox.script("agent", "trap '' HUP; while :; do sleep 0.1; done");
    const session = await launch("bob");
    await tmux("kill-session", "-t", "=claude-bob");
    await until("the end is recorded", () => deaths().length === 1);
    expect([await statusOf("bob"), isRunning(session.agent)]).toEqual(["asleep", true]);
    const again = await ok(bob.sandbox, "launch", "bob", "--socket", SHARED);
    expect(again.stderr).toContain("had outlived its session");
    expect(isRunning(session.agent)).toBe(false);
    expect(deaths().length).toBe(1);
    // Here and not when everything is cleared away, since it takes its time.
    await ok(bob.sandbox, "stop", "bob");
  });

  test("a server that was stopped is not killed by stop, and the end stays claimed", async () => {
    const { server } = await startPersons();
    const session = await launch("bob");
    signal("STOP", server);
    const stopping = bob.sandbox.start(["stop", "bob"]);
    await until("the agent is ended", () => !isRunning(session.agent), 40_000);
    signal("CONT", server);
    expect(await stopping.exited).toBe(0);
    await until("only the person's session is there", async () => (await names()).join(" ") === "mine");
    await ok(bob.sandbox, "supervise", "--once");
    expect([isRunning(server), deaths()]).toEqual([true, []]);
    await until("nothing of it is left", () => belongingsOf(session).length === 0);
  });
});

test("what stop could not close, since the socket was gone, is closed before the next launch", async () => {
  const { server } = await startPersons();
  const session = await launch("bob");
  rmSync(socket);
  expect(await statusOf("bob")).toBe("unknown");
  await ok(bob.sandbox, "stop", "bob");
  expect([isRunning(session.agent), isRunning(server), await statusOf("bob")]).toEqual([false, true, "stopped"]);
  signal("USR1", server);
  await until("its socket is back", () => existsSync(socket));
  expect(await names()).toEqual(["claude-bob", "mine"]);
  const again = await launch("bob");
  expect([again.server.pid, await names(), deaths()]).toEqual([server.pid, ["claude-bob", "mine"], []]);
  expect(await tmux("list-panes", "-s", "-t", "=claude-bob", "-F", "#{pane_pid}")).toBe(String(again.agent.pid));
});

test("half of a session that a launch which was killed has left is no session, and the next launch ends it", async () => {
  await startPersons();
  const session = await launch("bob");
  const path = join(bob.sandbox.root, `state/iapeer/lifecycle/claude-bob.${session.incarnation}/session.json`);
  const recorder = recorderOf(session)!;
  signal("KILL", recorder);
  await untilGone(recorder);
  await Bun.write(path, JSON.stringify({ ...JSON.parse(readFileSync(path, "utf8")), pane: null }));
  await tmux("set-option", "-pu", "-t", "=claude-bob:", "@iap_agent");
  expect(await statusOf("bob")).toBe("asleep");
  expect(await bob.sandbox.json("supervise", "--once")).toMatchObject([
    { identity: "claude-bob", action: "failed", detail: expect.stringContaining("half-way") },
  ]);
  const again = await launch("bob");
  expect([isRunning(session.agent), isRunning(again.agent), await names()]).toEqual([false, true, ["claude-bob", "mine"]]);
  expect(deaths()).toEqual([]);
});

test("remove --force ends the session and purges what was kept of it", async () => {
  await startPersons();
  const session = await launch("bob");
  await ok(bob.sandbox, "remove", "bob", "--force");
  expect([await names(), isRunning(session.agent), deaths()]).toEqual([["mine"], false, []]);
  const kept = join(bob.sandbox.root, "state/iapeer/lifecycle");
  expect(readdirSync(kept).filter((name) => name.startsWith("claude-bob"))).toEqual([]);
});

test("a dead socket where the server was is no obstacle", async () => {
  const { server } = await startPersons();
  signal("KILL", server);
  await untilGone(server);
  persons = undefined;
  mkdirSync(dirname(socket), { recursive: true, mode: 0o700 });
  await launch("bob");
  expect(await names()).toEqual(["claude-bob"]);
});
