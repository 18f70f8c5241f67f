// Faults around an end, which is to be told all the same.
import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { layoutFrom } from "../../src/core/layout.ts";
import { isRunning, readProcess } from "../../src/core/process/processes.ts";
import { signalProcess } from "../../src/core/process/signals.ts";
import { incarnationPaths } from "../../src/status/incarnation/incarnation.ts";
import { useBob } from "../support/bob.ts";
import { errorLine, ok, readJson } from "../support/calls.ts";
import { fixture } from "../support/fixtures.ts";
import { until } from "../support/sandbox.ts";
import {
  callOutside,
  launchPeer,
  readSession,
  recorderOf,
  type Session,
  signal,
  tellAgent,
  untilGone,
} from "../support/session.ts";

const bob = useBob();
const { readLog } = bob;
const exitsLog = () => join(bob.sandbox.root, "logs/iapeer/exits.log");
const pathsOf = ({ identity, incarnation }: Session) => incarnationPaths(layoutFrom(bob.sandbox.env), identity, incarnation);
const untilRecorded = async () => await until("it is recorded", () => readLog("exits.log").length === 1);

describe("a record", () => {
  test("is made although a crash left half a line of it", async () => {
    const session = await launchPeer(bob.sandbox, "bob");
    bob.sandbox.write(
      exitsLog(),
      `ts=2026-01-01T00:00:00.000Z ev=server-exit identity=claude-bob incarnation=${session.incarnation}`,
    );
    signal("KILL", session.server, recorderOf(session)!);
    await untilGone(session.server);
    await ok(bob.sandbox, "supervise", "--once");
    expect(await bob.sandbox.json("deaths")).toMatchObject([{ cause: "unwitnessed" }]);
  });

  test.each([
    ["a folder", (path: string) => mkdirSync(path)],
    ["a FIFO", (path: string) => void Bun.spawnSync(["mkfifo", path])],
  ])("of a server waits until the log, which is %s, is mended, and loses nothing of what was seen", async (_, spoil) => {
    const session = await launchPeer(bob.sandbox, "bob");
    mkdirSync(join(bob.sandbox.root, "logs/iapeer"), { recursive: true });
    rmSync(exitsLog(), { force: true });
    spoil(exitsLog());
    signal("KILL", session.server);
    await until("the record is ready", () => existsSync(join(pathsOf(session).folder, "pending")));
    rmSync(exitsLog(), { recursive: true });
    await untilRecorded();
    expect(readLog("exits.log")).toMatchObject([{ ev: "server-exit", signal: "KILL", verdict: "killed", witness: "parent" }]);
  });

  test("of an agent keeps its signal where the hook cannot write the log", async () => {
    const session = await launchPeer(bob.sandbox, "bob");
    mkdirSync(exitsLog(), { recursive: true });
    await tellAgent(session, "die SEGV");
    await untilGone(session.server);
    rmdirSync(exitsLog());
    await untilRecorded();
    expect(readLog("exits.log")).toMatchObject([{ ev: "session-exit", dead_signal: "SEGV" }]);
    await ok(bob.sandbox, "supervise", "--once");
    expect(readLog("exits.log")).toHaveLength(1);
  });

  test("that cannot be made is said by supervise, which does not stand still over it", async () => {
    const session = await launchPeer(bob.sandbox, "bob");
    mkdirSync(exitsLog(), { recursive: true });
    signal("KILL", session.server, recorderOf(session)!);
    await untilGone(session.server);
    const { status, stdout } = await bob.sandbox.iapeer("supervise", "--once", "--json");
    expect([status, JSON.parse(stdout)]).toEqual([
      1,
      [{ identity: "claude-bob", action: "failed", detail: `the log ${exitsLog()} is a folder` }],
    ]);
    rmdirSync(exitsLog());
    expect(await bob.sandbox.json("supervise", "--once")).toEqual([{ identity: "claude-bob", action: "recorded" }]);
    expect(readLog("exits.log")).toHaveLength(1);
  });

  test("is made before what is kept of a peer goes with it", async () => {
    const session = await launchPeer(bob.sandbox, "bob");
    signal("KILL", session.server, recorderOf(session)!);
    await untilGone(session.server);
    const { attention } = (await bob.sandbox.json("status")) as { attention: { message: string }[] };
    expect(attention.map(({ message }) => message)).toContain("a session of claude-bob ended, and nobody has recorded it yet");
    expect((await bob.sandbox.iapeer("deaths")).stderr).toContain("ended, and not recorded yet: claude-bob");
    await ok(bob.sandbox, "remove", "bob");
    expect(readLog("exits.log")).toMatchObject([{ cause: "unwitnessed" }]);
    expect(existsSync(session.socket)).toBe(false);
  });

  test("is made once of a server that died just before its peer is removed", async () => {
    const session = await launchPeer(bob.sandbox, "bob");
    const recorder = recorderOf(session)!;
    signal("KILL", session.server);
    await untilGone(session.server);
    await ok(bob.sandbox, "remove", "bob");
    await untilGone(recorder);
    expect(readLog("exits.log")).toMatchObject([{ signal: "KILL", verdict: "killed" }]);
  });

  test("is made once although what is kept of it went while the recorder waited", async () => {
    const session = await launchPeer(bob.sandbox, "bob");
    const recorder = recorderOf(session)!;
    signal("KILL", session.server);
    rmSync(pathsOf(session).folder, { recursive: true });
    await untilGone(recorder);
    expect(readLog("exits.log")).toMatchObject([{ ev: "server-exit", signal: "KILL" }]);
  });

  test("has the last lines of its own session alone", async () => {
    const first = await launchPeer(bob.sandbox, "bob");
    await tellAgent(first, "earlier");
    await until("it is heard", () =>
      readFileSync(join(bob.sandbox.root, "logs/lifecycle/claude-bob.log"), "utf8").includes("heard earlier"),
    );
    await ok(bob.sandbox, "stop", "bob");
    signal("KILL", (await launchPeer(bob.sandbox, "bob")).server);
    await untilRecorded();
    const [{ id }] = await bob.sandbox.json("deaths");
    expect((await bob.sandbox.json("deaths", "show", id)).last_lines).toEqual(["ready"]);
  });

  test("does not hang on what the session printed being a FIFO", async () => {
    const session = await launchPeer(bob.sandbox, "bob");
    const log = join(bob.sandbox.root, "logs/lifecycle/claude-bob.log");
    renameSync(log, `${log}.away`);
    Bun.spawnSync(["mkfifo", log]);
    signal("KILL", session.server);
    await untilRecorded();
    rmSync(log);
  });
});

describe("an agent that outlived its server", () => {
  async function loseServer(): Promise<Session> {
    bob.sandbox.env["IAPEER_CLAUDE_BIN"] = fixture("stubborn-agent.sh");
    const session = await launchPeer(bob.sandbox, "bob");
    signal("KILL", session.server);
    await untilRecorded();
    expect(isRunning(session.agent)).toBe(true);
    return session;
  }

  test("is ended by stop", async () => {
    const { agent } = await loseServer();
    await ok(bob.sandbox, "stop", "bob");
    expect(isRunning(agent)).toBe(false);
  });

  test("is ended before another is launched, also after supervise came by, and that is said", async () => {
    const { agent } = await loseServer();
    await ok(bob.sandbox, "supervise", "--once");
    const { stderr, status } = await bob.sandbox.iapeer("launch", "bob");
    expect([status, stderr]).toEqual([0, expect.stringContaining("had outlived its server")]);
    expect(isRunning(agent)).toBe(false);
  });

  test("keeps its peer from being removed, but with --force", async () => {
    const { agent } = await loseServer();
    expect(errorLine({ ...(await bob.sandbox.iapeer("remove", "bob", "--json")) }).code).toBe("peer-live");
    await ok(bob.sandbox, "remove", "bob", "--force");
    expect(isRunning(agent)).toBe(false);
  });

  test("is a row of doctor", async () => {
    await loseServer();
    const { stdout } = await bob.sandbox.iapeer("doctor", "--no-self-test");
    expect(stdout).toContain("an agent of claude-bob goes on although its server is gone");
  });
});

describe("stop ends", () => {
  test("the agent that a person made the pane run anew", async () => {
    const session = await launchPeer(bob.sandbox, "bob");
    await callOutside(session, "respawn-pane", "-k", "-t", "=claude-bob:", "--", fixture("stubborn-agent.sh"));
    const pid = Number(await callOutside(session, "display-message", "-p", "-t", "=claude-bob:", "#{pane_pid}"));
    const again = readProcess(pid)!;
    await ok(bob.sandbox, "stop", "bob");
    expect(isRunning(again)).toBe(false);
  });

  test("an agent whose launch was killed before it was written down", async () => {
    bob.sandbox.env["IAPEER_CLAUDE_BIN"] = fixture("stubborn-agent.sh");
    const session = await launchPeer(bob.sandbox, "bob");
    const { session: file } = pathsOf(session);
    writeFileSync(file, JSON.stringify({ ...readJson(file), pane: null }), { mode: 0o600 });
    await ok(bob.sandbox, "stop", "bob");
    expect(isRunning(session.agent)).toBe(false);
  });

  test("a server that hangs and takes no more connections", async () => {
    const session = await launchPeer(bob.sandbox, "bob");
    signal("STOP", session.server);
    await fillQueue(session.socket);
    expect((await bob.sandbox.json("list"))[0].runtimes[0].status).toBe("unknown");
    expect(errorLine(await bob.sandbox.iapeer("launch", "bob", "--json")).message).toContain("does not answer");
    expect(await bob.sandbox.json("stop", "bob")).toMatchObject([{ action: "stopped" }]);
    expect(isRunning(session.server)).toBe(false);
    expect(readLog("exits.log")).toEqual([]);
  });

  test("a server whose saved state is damaged, by its stamp", async () => {
    const session = await launchPeer(bob.sandbox, "bob");
    writeFileSync(pathsOf(session).session, "");
    expect(await bob.sandbox.json("stop", "bob")).toMatchObject([{ action: "stopped", server_pid: session.server.pid }]);
  });

  test("a server whose socket a stranger took, and not the stranger", async () => {
    const session = await launchPeer(bob.sandbox, "bob");
    rmSync(session.socket);
    using stranger = Bun.listen({ unix: session.socket, socket: { data: () => undefined } });
    expect(await bob.sandbox.json("stop", "bob")).toMatchObject([{ action: "stopped" }]);
    expect(isRunning(session.server)).toBe(false);
    expect(stranger.unix).toBe(session.socket);
    expect(existsSync(session.socket)).toBe(true);
  });

  test("nobody of another boot, whatever pid and start are written down", async () => {
    const session = await launchPeer(bob.sandbox, "bob");
    signal("KILL", session.server, recorderOf(session)!);
    await untilGone(session.server, session.agent);
    const innocent = Bun.spawn(["sleep", "600"]);
    const { pid, start } = readProcess(innocent.pid)!;
    const { session: file } = pathsOf(session);
    const forged = { ...readJson(file), boot_id: "another-boot", server: { pid, start }, pane: { id: "%0", pid, start } };
    writeFileSync(file, JSON.stringify(forged), { mode: 0o600 });
    expect(await bob.sandbox.json("stop", "bob")).toMatchObject([{ action: "not-running" }]);
    expect(isRunning({ pid, start })).toBe(true);
    expect(readLog("exits.log")).toMatchObject([{ verdict: "host-restart" }]);
    signalProcess({ pid, start }, "SIGKILL");
    await innocent.exited;
  });
});

describe("launch", () => {
  test("does not call a session live whose agent is gone, and starts it anew", async () => {
    const session = await launchPeer(bob.sandbox, "bob");
    await callOutside(session, "set-hook", "-gu", "pane-died[8317]");
    await tellAgent(session, "exit 3");
    await untilGone(session.agent);
    expect(await bob.sandbox.json("launch", "bob")).toMatchObject({ action: "launched" });
    expect(isRunning(session.server)).toBe(false);
    expect(readLog("exits.log")).toMatchObject([{ ev: "session-exit", cause: "unwitnessed" }]);
  });

  test("ends a server that a launch which was killed has left without a session", async () => {
    const session = await launchPeer(bob.sandbox, "bob");
    const { session: file } = pathsOf(session);
    await callOutside(session, "set-option", "-s", "exit-empty", "off");
    writeFileSync(file, JSON.stringify({ ...readJson(file), pane: null }), { mode: 0o600 });
    await callOutside(session, "kill-session", "-t", "=claude-bob");
    expect(isRunning(session.server)).toBe(true);
    expect(await bob.sandbox.json("launch", "bob")).toMatchObject({ action: "launched" });
    expect(isRunning(session.server)).toBe(false);
    expect(readLog("exits.log")).toEqual([]);
  });

  test("does not take a person's windows away that are left of it", async () => {
    const session = await launchPeer(bob.sandbox, "bob");
    await callOutside(session, "new-window", "-d", "-t", "=claude-bob:", "--", "sleep", "600");
    await callOutside(session, "kill-window", "-t", "=claude-bob:0");
    await untilGone(session.agent);
    const refused = await bob.sandbox.iapeer("launch", "bob", "--json");
    expect(errorLine(refused).message).toContain("windows that a person opened beside it are still there");
    expect(isRunning(session.server)).toBe(true);
  });

  test("of an agent that lets go of its terminal at once works", async () => {
    bob.sandbox.env["IAPEER_CLAUDE_BIN"] = bob.sandbox.script("detached", "exec </dev/null >/dev/null 2>&1\nexec sleep 600");
    for (let n = 0; n < 5; n += 1) {
      await ok(bob.sandbox, "launch", "bob");
      expect(isRunning(readSession(bob.sandbox, "claude-bob").agent)).toBe(true);
      await ok(bob.sandbox, "stop", "bob");
    }
    expect(readLog("exits.log")).toEqual([]);
  });

  test("ends with its agent also when a person gave the session another name", async () => {
    const session = await launchPeer(bob.sandbox, "bob");
    await callOutside(session, "rename-session", "-t", "=claude-bob", "mine");
    await callOutside(session, "send-keys", "-t", "=mine:", "exit 4", "Enter");
    await untilGone(session.server);
    expect(readLog("exits.log")).toMatchObject([{ dead_status: "4" }]);
    expect(readFileSync(exitsLog(), "utf8").split("\n")).toHaveLength(2);
  });
});

/** Connects to a server that accepts nobody, until its kernel refuses more (listen(2), backlog). */
async function fillQueue(socket: string): Promise<void> {
  for (let n = 0; n < 5000; n += 1) {
    try {
      await Bun.connect({ unix: socket, socket: { data: () => undefined } });
    } catch {
      return;
    }
  }
  throw new Error("its queue is never full");
}
