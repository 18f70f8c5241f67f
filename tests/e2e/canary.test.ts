import { describe, expect, test } from "bun:test";
import { isRunning } from "../../src/core/process/processes.ts";
import { useBob } from "../support/bob.ts";
import { errorLine, ok } from "../support/calls.ts";
import { until } from "../support/sandbox.ts";
import { callOutside, launchPeer, recorderOf, signal, untilGone } from "../support/session.ts";

const bob = useBob();
const { readLog } = bob;

describe("canary status", () => {
  test("is empty without a live server", async () => {
    expect(await bob.sandbox.json("canary", "status")).toEqual([]);
  });

  test("tells of a launched server that its recorder is its parent, and since when", async () => {
    const session = await launchPeer(bob.sandbox, "bob");
    const [row, ...more] = await bob.sandbox.json("canary", "status");
    expect(more).toEqual([]);
    expect(row).toEqual({
      identity: "claude-bob",
      server_pid: session.server.pid,
      armed: true,
      witness: "parent",
      recorder_pid: recorderOf(session)!.pid,
      since: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    });
    expect(readLog("lifecycle.log").find(({ ev }) => ev === "canary")).toMatchObject({ state: "armed", origin: "launch" });
  });

  test("tells why a server has none, and exits with 1", async () => {
    const session = await launchPeer(bob.sandbox, "bob");
    const recorder = recorderOf(session)!;
    signal("KILL", recorder);
    await untilGone(recorder);
    const { status, stdout } = await bob.sandbox.iapeer("canary", "status", "--json");
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toEqual([
      {
        identity: "claude-bob",
        server_pid: session.server.pid,
        armed: false,
        witness: null,
        recorder_pid: null,
        since: null,
        reason: `its recorder (pid ${recorder.pid}) is gone`,
      },
    ]);
  });
});

describe("canary arm and dismiss", () => {
  test("arm is done once, dismiss too, and arm takes a dismissal back", async () => {
    const session = await launchPeer(bob.sandbox, "bob");
    expect(await bob.sandbox.json("canary", "arm", "bob")).toEqual({ identity: "claude-bob", action: "already-armed" });
    expect(await bob.sandbox.json("canary", "dismiss", "bob")).toEqual({ identity: "claude-bob", action: "dismissed" });
    expect(await bob.sandbox.json("canary", "dismiss", "bob")).toEqual({ identity: "claude-bob", action: "already-dismissed" });
    expect(await bob.sandbox.json("canary", "arm", "bob")).toEqual({ identity: "claude-bob", action: "armed" });
    expect(await bob.sandbox.json("canary", "status")).toMatchObject([{ armed: true, witness: "client" }]);
    signal("KILL", session.server);
    await until("its death is recorded", () => readLog("exits.log").length === 1);
  });

  test("what ends a dismissed server is not recorded", async () => {
    const session = await launchPeer(bob.sandbox, "bob");
    await ok(bob.sandbox, "canary", "dismiss", "bob");
    await callOutside(session, "kill-server");
    await untilGone(session.server);
    await ok(bob.sandbox, "supervise", "--once");
    expect(readLog("exits.log")).toEqual([]);
  });

  test.each(["arm", "dismiss"])("%s of a peer that is not live says so", async (verb) => {
    const refused = await bob.sandbox.iapeer("canary", verb, "bob", "--json");
    expect([refused.status, errorLine(refused).code]).toEqual([4, "peer-not-live"]);
  });

  test("a dismissal ends the client that the recorder waited through, and nobody else", async () => {
    const session = await launchPeer(bob.sandbox, "bob");
    await ok(bob.sandbox, "canary", "dismiss", "bob");
    await ok(bob.sandbox, "canary", "arm", "bob");
    const stranger = Bun.spawn(["sh", "-c", "read -r _; : iap-canary-claude-bob"], { stdin: "pipe" });
    await ok(bob.sandbox, "canary", "dismiss", "bob");
    const clients = await callOutside(session, "list-clients", "-F", "#{client_pid}");
    expect(clients).toBe("");
    expect(stranger.exitCode).toBeNull();
    expect(isRunning(session.server)).toBe(true);
    stranger.kill("SIGKILL");
    await stranger.exited;
  });
});

describe("canary script and hook pane-died", () => {
  test("print what a session gets, live or not", async () => {
    const { script } = await bob.sandbox.json("canary", "script", "bob");
    expect(script).toContain("iap-canary-");
    expect((await bob.sandbox.iapeer("canary", "script", "bob")).stdout).toStartWith("#!/bin/sh\n");
    expect((await bob.sandbox.iapeer("hook", "pane-died", "bob")).stdout).toContain("run-shell -b");
    const session = await launchPeer(bob.sandbox, "bob");
    expect((await bob.sandbox.json("canary", "script", "bob")).script).toContain(`server_pid='${session.server.pid}'`);
    expect((await bob.sandbox.json("hook", "pane-died", "bob")).hook).toContain(session.incarnation);
  });

  test("the hook is the one that the server has", async () => {
    const session = await launchPeer(bob.sandbox, "bob");
    const has = await callOutside(session, "show-options", "-gw", "pane-died");
    expect(has).toContain("pane-died[8317] if-shell -F");
    expect(has).toContain(session.incarnation);
  });
});
