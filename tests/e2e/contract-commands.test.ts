// Contract 4: list, show, update, verify, status.
import { describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { ok, readJson, readRegistryFile, recordingSlot, valuesOf } from "../support/calls.ts";
import { startServer } from "../support/live-peer.ts";
import { openSandbox, until } from "../support/sandbox.ts";
import { startStranger } from "../support/stranger.ts";

const FAILING = { provider: "p", package: "p", version: "1", provision: { command: "/bin/false", args: [] } };

describe("list", () => {
  test("JSON: an array with live, asleep and stopped", async () => {
    using sandbox = openSandbox();
    await ok(sandbox, "add", "alpha", "--runtime", "claude", "--runtime", "codex", "--description", "d");
    sandbox.write(join(sandbox.root, "state/iapeer/lifecycle/codex-alpha.stopped"), "");
    await using _server = await startServer(sandbox, "claude-alpha");
    expect(await sandbox.json("list")).toEqual([
      {
        personality: "alpha",
        default_runtime: "claude",
        intelligence: "artificial",
        description: "d",
        cwd: join(sandbox.root, "peers/alpha"),
        runtimes: [
          { runtime: "claude", status: "live" },
          { runtime: "codex", status: "stopped" },
        ],
      },
    ]);
  });

  test("unknown is a failed probe, never a guess", async () => {
    using sandbox = openSandbox();
    await ok(sandbox, "add", "alpha");
    sandbox.write(join(sandbox.root, "socks"), "not a folder");
    expect((await sandbox.json("list"))[0].runtimes[0].status).toBe("unknown");
    expect((await sandbox.iapeer("remove", "alpha", "--force")).status).toBe(4);
    expect((await sandbox.iapeer("status")).status).toBe(1);
  });

  test("a socket that nobody listens on is asleep", async () => {
    using sandbox = openSandbox();
    await ok(sandbox, "add", "alpha");
    const server = await startServer(sandbox, "claude-alpha");
    process.kill(server.pid, "SIGKILL");
    await until("it is gone", () => !server.isRunning());
    expect((await sandbox.json("list"))[0].runtimes[0].status).toBe("asleep");
  });

  test("--runtime R shows only peers that have it", async () => {
    using sandbox = openSandbox();
    await ok(sandbox, "add", "alpha");
    await ok(sandbox, "add", "beta", "--runtime", "codex");
    expect(valuesOf(await sandbox.json("list", "--runtime", "codex"), "personality")).toEqual(["beta"]);
  });

  test("last_active_runtime is shown where the registry has it", async () => {
    using sandbox = openSandbox();
    sandbox.write(
      "root/peers-profiles.json",
      JSON.stringify({ peers: [{ personality: "a", cwd: "/a", last_active_runtime: "codex" }] }),
    );
    expect((await sandbox.json("list"))[0].last_active_runtime).toBe("codex");
  });

  test("nobody yet is an empty array", async () => {
    using sandbox = openSandbox();
    expect(await sandbox.json("list")).toEqual([]);
  });
});

describe("show", () => {
  test("everything about one peer, its provision state and its last death included", async () => {
    using sandbox = openSandbox();
    recordingSlot(sandbox, { version: "1.2.3" });
    await ok(sandbox, "add", "alpha");
    const death = "ev=server-exit identity=claude-alpha server_pid=1 cause=server-vanished verdict=oom-kill";
    sandbox.write(
      join(sandbox.root, "logs/iapeer/exits.log"),
      `ts=2026-01-01T00:00:00.000Z ${death}\nts=2026-01-02T00:00:00.000Z ${death}\nts=2026-01-03T00:00:00.000Z ev=server-exit identity=claude-beta\n`,
    );
    expect(await sandbox.json("show", "alpha")).toMatchObject({
      ...(await sandbox.json("list"))[0],
      being_removed: false,
      provision: [
        { runtime: "claude", memory: "attached", occasion: "birth", state: "ok", provider: "p", provider_version: "1.2.3" },
      ],
      last_death: { ts: "2026-01-02T00:00:00.000Z", identity: "claude-alpha", verdict: "oom-kill" },
    });
    expect((await ok(sandbox, "show", "alpha")).stdout).toContain("oom-kill");
  });

  test.each([
    ["failed", FAILING, "failed"],
    ["drifted where the slot has another version now", { ...FAILING, version: "2" }, "drifted"],
    ["none before any provider ran", undefined, "none"],
  ])("memory is %s", async (_, slot, memory) => {
    using sandbox = openSandbox();
    if (memory === "drifted") recordingSlot(sandbox, { version: "1" });
    else if (slot !== undefined) sandbox.slot(slot);
    await ok(sandbox, "add", "alpha");
    if (slot !== undefined) sandbox.slot(slot);
    expect((await sandbox.json("show", "alpha")).provision[0].memory).toBe(memory);
  });

  test("a peer that is not there is exit 3", async () => {
    using sandbox = openSandbox();
    expect((await sandbox.iapeer("show", "alpha")).status).toBe(3);
  });
});

describe("update", () => {
  test("changes what is given, in the registry and on the card, and nothing else", async () => {
    using sandbox = openSandbox();
    await ok(sandbox, "add", "alpha", "--description", "old");
    const { action, peer } = await sandbox.json("update", "alpha", "--description", "", "--intelligence", "natural");
    expect(action).toBe("updated");
    expect(peer).toMatchObject({ description: "", intelligence: "natural", default_runtime: "claude" });
    expect(readJson(join(peer.cwd, ".iapeer/peer-profile.json"))).toMatchObject({ description: "", intelligence: "natural" });
    expect((await sandbox.json("update", "alpha", "--description", "")).action).toBe("unchanged");
  });

  test("a runtime that is added gets a birth; from one that is taken away the memory is detached", async () => {
    using sandbox = openSandbox();
    const { told } = recordingSlot(sandbox);
    await ok(sandbox, "add", "alpha");
    const call = ["update", "alpha", "--add-runtime", "codex", "--remove-runtime", "claude", "--default-runtime", "codex"];
    const { peer, outcomes } = await sandbox.json(...call);
    expect(peer).toMatchObject({ default_runtime: "codex", runtimes: [{ runtime: "codex" }] });
    expect(valuesOf(outcomes, "runtime")).toEqual(["claude", "codex"]);
    expect(told().map((line) => line.split(" ").slice(0, 3).join(" "))).toEqual([
      "provision birth claude",
      "unprovision remove claude",
      "provision birth codex",
    ]);
  });

  test.each([
    ["nothing given", [], 2, "update needs a change: give it at least one option"],
    ["the last runtime", ["--remove-runtime", "claude"], 2, "would have no runtime left"],
    ["a default runtime that the peer does not have", ["--default-runtime", "codex"], 2, "which does not have it"],
    ["taking a runtime that it does not have", ["--remove-runtime", "codex"], 3, "alpha has no runtime codex"],
    ["another revision", ["--description", "d", "--if-revision", "9"], 4, "at revision 1, not 9"],
  ])("refuses %s", async (_, args, status, message) => {
    using sandbox = openSandbox();
    const { told } = recordingSlot(sandbox);
    await ok(sandbox, "add", "alpha");
    const finished = await sandbox.iapeer("update", "alpha", ...args);
    expect(finished.stderr).toContain(message);
    expect(finished.status).toBe(status);
    expect(readRegistryFile(sandbox).revision).toBe(1);
    expect(told()).toHaveLength(1);
  });

  test("a runtime with a live session stays", async () => {
    using sandbox = openSandbox();
    await ok(sandbox, "add", "alpha", "--runtime", "claude", "--runtime", "codex");
    await using _server = await startServer(sandbox, "codex-alpha");
    expect((await sandbox.iapeer("update", "alpha", "--remove-runtime", "codex")).status).toBe(4);
  });
});

describe("verify", () => {
  test("exit 0 where registry and cards agree, exit 1 where they differ", async () => {
    using sandbox = openSandbox();
    await ok(sandbox, "add", "alpha");
    expect(await sandbox.json("verify")).toEqual({ ok: true, differences: [] });
    rmSync(join(sandbox.root, "peers/alpha/.iapeer/peer-profile.json"));
    const { stdout, status } = await sandbox.iapeer("verify", "--json");
    expect(status).toBe(1);
    expect(JSON.parse(stdout).differences).toEqual([
      expect.objectContaining({ personality: "alpha", kind: "card-missing", fixable: true, fixed: false }),
    ]);
  });
});

describe("status", () => {
  test("version, root, the slot, peers by state, servers without a canary, deaths in the last day", async () => {
    using sandbox = openSandbox();
    const beat = sandbox.write("beat", "");
    sandbox.slot({ provider: "p", package: "p", version: "1", heartbeat: beat, provision: { command: "/bin/true", args: [] } });
    await ok(sandbox, "add", "alpha");
    await ok(sandbox, "add", "beta");
    await using _server = await startStranger(sandbox, "claude-alpha");
    const recent = new Date().toISOString();
    sandbox.write(
      join(sandbox.root, "logs/iapeer/exits.log"),
      `ts=2020-01-01T00:00:00.000Z ev=server-exit identity=claude-beta\nts=${recent} ev=session-exit identity=claude-beta\n`,
    );
    const { stdout, status } = await sandbox.iapeer("status", "--json");
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      root: sandbox.root,
      slot: { provider: "p", version: "1", heartbeat: { path: beat, age_secs: expect.any(Number) } },
      peers: { total: 2, live: 1, asleep: 1, stopped: 0, unknown: 0 },
      memory: { attached: 2 },
      servers_without_canary: ["claude-alpha"],
      deaths_last_day: 1,
    });
    expect(status).toBe(1);
  });

  test("each ignored block of the slot and why, exit 1", async () => {
    using sandbox = openSandbox();
    sandbox.slot({
      provider: "p",
      package: "p",
      version: "1",
      provision: { command: "relative", args: [] },
      unprovision: { command: "/bin/true", args: "x" },
    });
    const { stdout, status } = await sandbox.iapeer("status");
    expect(status).toBe(1);
    expect(stdout).toContain('error "provision.command" is not an absolute path');
    expect(stdout).toContain('error "unprovision.args" is not an array of strings');
  });

  test("exit 0 where nothing needs a person, an empty slot and no peers included", async () => {
    using sandbox = openSandbox();
    expect((await sandbox.iapeer("status")).status).toBe(0);
  });
});
