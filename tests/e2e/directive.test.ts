// Messages that ask a running agent to stop: who may give such an order, and what comes of it.
import { openTold } from "../support/app.ts";
import { layoutFrom } from "../../src/core/layout.ts";
import { isRunning } from "../../src/core/process/processes.ts";
import { writeApplied } from "../../src/fleet/applied.ts";
import { claimedBy } from "../../src/launch/claim.ts";
import { stopSession } from "../../src/launch/end/end.ts";
import { incarnationPaths, readIncarnation } from "../../src/status/incarnation/incarnation.ts";
import { useBob } from "../support/bob.ts";
import { errorLine, ok } from "../support/calls.ts";
import { fixture } from "../support/fixtures.ts";
import { agentOf } from "../support/host-fleet.ts";
import { finish, until } from "../support/sandbox.ts";
import { declareLineReaders, launchPeer, readSession, type Session, signal, untilGone } from "../support/session.ts";
import { beforeEach, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

const bob = useBob();

beforeEach(() => {
  declareLineReaders(bob.sandbox);
  const agent = fixture("obedient-agent.sh");
  Object.assign(bob.sandbox.env, {
    IAPEER_CLAUDE_BIN: agent,
    IAPEER_CODEX_BIN: agent,
    PATH: `${process.cwd()}/dist:${process.env["PATH"]}`,
  });
});

const home = (name: string) => join(bob.sandbox.home, name);
const heard = (name: string) =>
  existsSync(home(`heard-${name}`))
    ? readFileSync(home(`heard-${name}`), "utf8")
        .trimEnd()
        .split("\n")
    : [];
const pathsOf = ({ identity, incarnation }: Session) => incarnationPaths(layoutFrom(bob.sandbox.env), identity, incarnation);
const directives = () => bob.readLog("lifecycle.log").filter(({ ev }) => ev === "directive");
const isLive = ({ agent, server }: Session) => isRunning(agent) && isRunning(server);

/** The fleet as it was applied: an orchestrator who is there, and bob. */
function applyFleet(): void {
  const agents = [
    agentOf("orchestrator", "orchestrator"),
    agentOf("bob", "implementer"),
    agentOf("far", "orchestrator", { remote: { host: "yard", ssh: "me@yard" } }),
  ];
  writeApplied(layoutFrom(bob.sandbox.env), { file: "/fleets/fleet.yaml", agents, left: [] });
}

async function launchOther(name: string, runtime = "claude"): Promise<Session> {
  await ok(bob.sandbox, "add", name, "--runtime", runtime);
  return await launchPeer(bob.sandbox, name, runtime);
}

/** The outcome of a call from within a peer's session. */
async function runIn(name: string, command: string): Promise<{ status: string; output: string }> {
  rmSync(home("ran-status"), { force: true });
  await ok(bob.sandbox, "send", name, "-m", `run ${command}`);
  await until("it has run", () => existsSync(home("ran-status")) && readFileSync(home("ran-status"), "utf8") !== "");
  return { status: readFileSync(home("ran-status"), "utf8").trim(), output: readFileSync(home("ran"), "utf8") };
}

describe("an order to sleep", () => {
  test("from a person: the agent is told, and stopped when the grace is over, which is no death", async () => {
    const session = await launchPeer(bob.sandbox, "bob");
    const startMs = performance.now();
    const json = await bob.sandbox.json("send", "bob", "--directive", "sleep", "--grace", "1s", "--verify");
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(1000);
    expect(json).toMatchObject({ to: "bob", sender: "person", state: "accepted", directive: "sleep", effect: "sleep" });
    expect(heard("bob")).toEqual([
      expect.stringMatching(/^\[.*:bob\] \S+ asks you to sleep: put your work away, this session is stopped in 1 s$/) as string,
    ]);
    expect(isLive(session)).toBe(false);
    expect(await bob.sandbox.json("list")).toMatchObject([{ runtimes: [{ status: "stopped" }] }]);
    expect(bob.readLog("exits.log")).toEqual([]);
    expect(directives()).toMatchObject([{ directive: "sleep", identity: "claude-bob", effect: "sleep" }]);
    expect(bob.readLog("lifecycle.log").filter(({ ev }) => ev === "stop")).toMatchObject([
      { identity: "claude-bob", reason: "sleep" },
    ]);
  });

  test("does not wait longer than for an agent that goes by itself, and that is no death either", async () => {
    const session = await launchPeer(bob.sandbox, "bob");
    // This test's own time is over before such a grace is.
    expect((await ok(bob.sandbox, "send", "bob", "--directive", "sleep", "--grace", "1h", "-m", "leave")).stdout).toBe(
      "sent to claude-bob, which sleeps now\n",
    );
    await untilGone(session.agent, session.server);
    expect(await bob.sandbox.json("list")).toMatchObject([{ runtimes: [{ status: "stopped" }] }]);
    // A recorder that was not told decides after its grace.
    await ok(bob.sandbox, "supervise", "--once");
    expect(bob.readLog("exits.log")).toEqual([]);
  });

  test("from the orchestrator's own session takes effect, and from any other it is refused", async () => {
    applyFleet();
    await launchOther("orchestrator");
    await launchOther("eve");
    const session = await launchPeer(bob.sandbox, "bob");
    const refused = await runIn("eve", "iapeer send bob --directive sleep --grace 0s");
    expect(refused).toEqual({
      status: "4",
      output: 'error: eve may not "send --directive" bob: only a person, the fleet\'s orchestrator or a manager may\n',
    });
    expect((await runIn("eve", "iapeer send bob --directive sleep --from orchestrator --json")).status).toBe("4");
    expect({ heard: heard("bob"), isLive: isLive(session), claim: claimedBy(pathsOf(session)) }).toEqual({
      heard: [],
      isLive: true,
      claim: undefined,
    });
    expect((await runIn("orchestrator", "iapeer send bob --directive sleep --grace 0s")).output).toBe(
      "sent to claude-bob, which sleeps now\n",
    );
    expect(isLive(session)).toBe(false);
    expect(directives()).toMatchObject([
      { identity: "claude-bob", from: "orchestrator", effect: "sleep", by: "claude-orchestrator" },
    ]);
  });

  test("from an orchestrator to itself, or in another runtime than the fleet has, is refused", async () => {
    applyFleet();
    const own = await launchOther("orchestrator");
    const { output } = await runIn("orchestrator", "iapeer send orchestrator --directive sleep --grace 0s");
    expect(output).toBe(
      'error: orchestrator may not "send --directive" itself: only a person or a manager may\nhint: an agent ends itself with: iapeer retire\n',
    );
    expect(isLive(own)).toBe(true);
    await ok(bob.sandbox, "stop", "orchestrator");
    await ok(bob.sandbox, "update", "orchestrator", "--add-runtime", "codex", "--default-runtime", "codex");
    await launchPeer(bob.sandbox, "orchestrator", "codex");
    const session = await launchPeer(bob.sandbox, "bob");
    expect((await runIn("orchestrator", "iapeer send bob --directive sleep --grace 0s --json")).status).toBe("4");
    expect(isLive(session)).toBe(true);
  });
});

describe("an order that is broken off in its grace is taken back:", () => {
  const begin = async (session: Session) => {
    const child = bob.sandbox.start(["send", "bob", "--directive", "sleep", "--grace", "60s", "-m", "soon", "--json"]);
    await until("the agent is told", () => heard("bob").length === 1);
    expect(claimedBy(pathsOf(session))).toBe("sleep");
    return child;
  };

  const expectDeath = async (session: Session) => {
    signal("KILL", session.agent);
    await until("the death is recorded", () => bob.readLog("exits.log").length === 1);
    expect(bob.readLog("exits.log")).toMatchObject([{ ev: "session-exit", identity: "claude-bob" }]);
  };

  test("by a signal", async () => {
    const session = await launchPeer(bob.sandbox, "bob");
    const child = await begin(session);
    child.kill("SIGINT");
    const end = await finish(child);
    expect({ status: end.status, error: errorLine(end) }).toMatchObject({ status: 130, error: { code: "interrupted" } });
    expect(claimedBy(pathsOf(session))).toBeUndefined();
    expect(isLive(session)).toBe(true);
    await expectDeath(session);
  });

  test("by SIGKILL", async () => {
    const session = await launchPeer(bob.sandbox, "bob");
    const child = await begin(session);
    child.kill("SIGKILL");
    await child.exited;
    await until("the claim is gone", () => claimedBy(pathsOf(session)) === undefined);
    expect(isLive(session)).toBe(true);
    await expectDeath(session);
  });

  test("and a second one meanwhile is refused: it could take the claim of the first with it", async () => {
    const session = await launchPeer(bob.sandbox, "bob");
    const first = bob.sandbox.start(["send", "bob", "--directive", "sleep", "--grace", "60s"]);
    await until("the first is at it", () => existsSync(pathsOf(session).claim));
    const second = await bob.sandbox.iapeer("send", "bob", "--directive", "sleep", "--grace", "1s", "--json");
    expect({ status: second.status, code: errorLine(second).code }).toEqual({ status: 4, code: "lock-busy" });
    await ok(bob.sandbox, "canary", "arm", "bob");
    expect(existsSync(pathsOf(session).claim)).toBe(true);
    first.kill("SIGINT");
    await first.exited;
    expect(isLive(session)).toBe(true);
  });

  test("and a dismissal that was there before stays", async () => {
    const session = await launchPeer(bob.sandbox, "bob");
    await ok(bob.sandbox, "canary", "dismiss", "bob");
    const child = bob.sandbox.start(["send", "bob", "--directive", "sleep", "--grace", "60s"]);
    await until("the agent is told", () => heard("bob").length === 1);
    child.kill("SIGTERM");
    expect((await finish(child)).status).toBe(143);
    expect(claimedBy(pathsOf(session))).toBe("dismiss");
  });
});

test("an order to one that is not live is refused, and nothing is claimed", async () => {
  const end = await bob.sandbox.iapeer("send", "bob", "--directive", "sleep", "--json");
  expect({ code: errorLine(end).code, status: end.status }).toEqual({ code: "peer-not-live", status: 4 });
  expect(directives()).toEqual([]);
});

test("a message that cannot be handed over orders nothing", async () => {
  const session = await launchPeer(bob.sandbox, "bob");
  const end = await bob.sandbox.iapeer("send", "bob", "--directive", "sleep", "--grace", "0s", "-m", "x".repeat(5000), "--json");
  expect(errorLine(end).code).toBe("message-invalid");
  expect({ isLive: isLive(session), claim: claimedBy(pathsOf(session)) }).toEqual({ isLive: true, claim: undefined });
});

test("only the session that was told is stopped, not one that was launched since", async () => {
  await launchPeer(bob.sandbox, "bob");
  const session = readSession(bob.sandbox, "claude-bob");
  const { app } = openTold(bob.sandbox);
  const saved = readIncarnation(app.layout, "claude-bob", session.incarnation)!;
  expect(await stopSession({ identity: saved.identity, reason: "sleep", only: crypto.randomUUID() }, app)).toEqual({
    action: "not-running",
  });
  expect(isLive(session)).toBe(true);
});

test.each([
  [["--grace", "1s", "-m", "a"], "--grace needs --directive beside it"],
  [["--directive", "sleep", "--grace", "2h"], "--grace takes an hour at most"],
  [["--directive", "sleep", "--grace", "soon"], "--grace takes a number"],
  [["--directive", "wake"], "--directive does not take"],
  [["--socket", "a b", "-m", "a"], "--socket takes a name"],
])("%p is a wrong call", async (args, message) => {
  const end = await bob.sandbox.iapeer("send", "bob", ...args, "--json");
  expect(errorLine(end)).toMatchObject({ code: "usage", message: expect.stringContaining(message) as string });
});
