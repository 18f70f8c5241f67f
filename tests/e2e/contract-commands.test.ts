// Contract 4: commands.
import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { errorLine, ok, readJson, readRegistryFile, recordingSlot, valuesOf } from "../support/calls.ts";
import { startServer } from "../support/live-peer.ts";
import { openSandbox, until } from "../support/sandbox.ts";

const FAILING = { provider: "p", package: "p", version: "1", provision: { command: "/bin/false", args: [] } };

describe("add", () => {
  test("registers the peer, writes its profile, runs provision once per agentic runtime (birth)", async () => {
    using sandbox = openSandbox();
    const { told } = recordingSlot(sandbox);
    const cwd = join(sandbox.root, "peers/alpha");
    expect(await sandbox.json("add", "alpha", "--runtime", "claude", "--runtime", "telegram", "--runtime", "codex")).toEqual({
      action: "added",
      peer: {
        personality: "alpha",
        default_runtime: "claude",
        intelligence: "artificial",
        description: "",
        cwd,
        runtimes: ["claude", "telegram", "codex"].map((runtime) => ({ runtime, status: "asleep" })),
      },
      outcomes: [
        { runtime: "claude", state: "ok" },
        { runtime: "codex", state: "ok" },
      ],
      revision: 1,
    });
    expect(told()).toEqual([`provision birth claude alpha ${cwd}`, `provision birth codex alpha ${cwd}`]);
    expect(readJson(join(cwd, ".iapeer/peer-profile.json"))).toMatchObject({ personality: "alpha" });
  });

  test("the default folder is <root>/peers/<personality>, made if missing; the default runtime is claude", async () => {
    using sandbox = openSandbox();
    const { peer } = await sandbox.json("add", "alpha");
    expect(peer).toMatchObject({ cwd: join(sandbox.root, "peers/alpha"), default_runtime: "claude" });
    expect(existsSync(peer.cwd)).toBe(true);
  });

  test.each([
    ["is made if missing", "a/b/c", "a/b/c"],
    ["may be relative to the current folder", "./x/../y", "y"],
    ["may hold a space and a quote", `it's "here"`, `it's "here"`],
    ["may be in the home, also where the shell leaves the ~", "~/app", "home/app"],
  ])("--cwd %s", async (_, given, meant) => {
    using sandbox = openSandbox();
    const { peer } = await sandbox.json("add", "alpha", `--cwd=${given}`);
    expect(peer.cwd).toBe(join(sandbox.folder, meant));
    expect(existsSync(join(peer.cwd, ".iapeer/peer-profile.json"))).toBe(true);
  });

  test("the same personality at the same folder merges: what is not given is inherited, runtimes are united, only new ones get a birth", async () => {
    using sandbox = openSandbox();
    const { told } = recordingSlot(sandbox);
    await ok(sandbox, "add", "alpha", "--description", "d", "--intelligence", "natural", "--cwd", "f");
    const merged = await sandbox.json("add", "alpha", "--runtime", "codex", "--cwd", "./f/");
    expect(merged.action).toBe("merged");
    expect(merged.peer).toMatchObject({ description: "d", intelligence: "natural", default_runtime: "claude" });
    expect(valuesOf(merged.peer.runtimes, "runtime")).toEqual(["claude", "codex"]);
    expect(told().map((line) => line.split(" ")[2])).toEqual(["claude", "codex"]);
  });

  test("a peer's own folder need not be named again, and a link to it is the same folder", async () => {
    using sandbox = openSandbox();
    await ok(sandbox, "add", "alpha", "--cwd", "f");
    symlinkSync("f", join(sandbox.folder, "link"));
    expect((await sandbox.json("add", "alpha")).action).toBe("unchanged");
    expect((await sandbox.json("add", "alpha", "--cwd", "link")).action).toBe("unchanged");
  });

  test("nothing new is unchanged: no revision, no birth", async () => {
    using sandbox = openSandbox();
    const { told } = recordingSlot(sandbox);
    await ok(sandbox, "add", "alpha", "--description", "d");
    const again = await sandbox.json("add", "alpha", "--description", "d", "--runtime", "claude");
    expect(again).toMatchObject({ action: "unchanged", outcomes: [], revision: 1 });
    expect(told()).toHaveLength(1);
  });

  test.each([
    ["another folder", ["add", "alpha", "--cwd", "other"], "peer-conflict"],
    ["a folder that another peer has", ["add", "beta", "--cwd", "f"], "folder-taken"],
    ["a link to such a folder", ["add", "beta", "--cwd", "link"], "folder-taken"],
  ])("%s is a conflict (exit 4), and nothing is made", async (_, args, code) => {
    using sandbox = openSandbox();
    await ok(sandbox, "add", "alpha", "--cwd", "f");
    symlinkSync("f", join(sandbox.folder, "link"));
    const finished = await sandbox.iapeer(...args, "--json");
    expect(finished.status).toBe(4);
    expect(errorLine(finished).code as string).toBe(code);
    expect(readRegistryFile(sandbox)).toMatchObject({ revision: 1, peers: [{ personality: "alpha" }] });
    expect(existsSync(join(sandbox.folder, "other"))).toBe(false);
  });

  test("a folder whose card is gone is still its peer's", async () => {
    using sandbox = openSandbox();
    await ok(sandbox, "add", "alpha", "--cwd", "f");
    rmSync(join(sandbox.folder, "f/.iapeer"), { recursive: true });
    expect(errorLine(await sandbox.iapeer("add", "beta", "--cwd", "f", "--json")).code).toBe("folder-taken");
  });

  test("a provider that fails never fails the birth: a loud warning with the repair command, exit 0", async () => {
    using sandbox = openSandbox();
    recordingSlot(sandbox, { exit: 3 });
    const { stdout, stderr, status } = await sandbox.iapeer("add", "alpha", "--json");
    expect(status).toBe(0);
    expect(JSON.parse(stdout).outcomes).toEqual([{ runtime: "claude", state: "failed", detail: "said on stderr" }]);
    expect(stderr).toContain("warning: memory of alpha (claude) was not attached: failed: said on stderr");
    expect(stderr).toContain("iapeer memory-plugin on --peer alpha");
    expect(await sandbox.json("list")).toHaveLength(1);
  });

  test("--no-provision runs no provider command", async () => {
    using sandbox = openSandbox();
    const { told } = recordingSlot(sandbox);
    expect((await sandbox.json("add", "alpha", "--no-provision")).outcomes).toEqual([]);
    expect(told()).toEqual([]);
  });

  test.each(["- reads mail", "-1", "--", "-x=1"])("a description may begin with a dash where it is no option: %p", async (text) => {
    using sandbox = openSandbox();
    const args = text.startsWith("- ") || text === "-1" ? ["--description", text] : [`--description=${text}`];
    expect((await sandbox.json("add", "alpha", ...args)).peer.description).toBe(text);
  });
});

describe("remove", () => {
  test("unprovisions per agentic runtime (remove), purges the state, drops the row; the folder stays, and the output says so", async () => {
    using sandbox = openSandbox();
    const { told } = recordingSlot(sandbox);
    await ok(sandbox, "add", "alpha", "--runtime", "claude", "--runtime", "codex", "--runtime", "web", "--cwd", "f");
    const cwd = join(sandbox.folder, "f");
    const { stdout } = await ok(sandbox, "remove", "alpha");
    expect(stdout).toContain(`its folder stays: ${cwd}`);
    expect(told().slice(2)).toEqual([`unprovision remove claude alpha ${cwd}`, `unprovision remove codex alpha ${cwd}`]);
    expect(existsSync(join(cwd, ".iapeer/peer-profile.json"))).toBe(true);
    expect(readRegistryFile(sandbox).peers).toEqual([]);
  });

  test("JSON: an array of one entry a peer, in the order of the call", async () => {
    using sandbox = openSandbox();
    recordingSlot(sandbox);
    await ok(sandbox, "add", "alpha");
    expect(await sandbox.json("remove", "ghost", "alpha")).toEqual([
      { personality: "ghost", action: "absent", unprovision: [], purgedState: [] },
      {
        personality: "alpha",
        action: "removed",
        cwd: join(sandbox.root, "peers/alpha"),
        unprovision: [{ runtime: "claude", state: "ok" }],
        purgedState: ["claude-alpha.provision.json"],
      },
    ]);
  });

  test("a missing peer is a success that says so, with the nearest name", async () => {
    using sandbox = openSandbox();
    await ok(sandbox, "add", "alpha");
    const { stdout, stderr } = await ok(sandbox, "remove", "alpah");
    expect(stdout).toContain("alpah is not registered");
    expect(stderr).toContain("did you mean alpha?");
  });

  test("a provider that fails is a warning: the peer goes all the same", async () => {
    using sandbox = openSandbox();
    recordingSlot(sandbox, { exit: 1 });
    await ok(sandbox, "add", "alpha", "--no-provision");
    const { stdout, stderr } = await ok(sandbox, "remove", "alpha", "--json");
    expect(JSON.parse(stdout)[0]).toMatchObject({ action: "removed", unprovision: [{ state: "failed" }] });
    expect(stderr).toContain("was not detached");
  });

  test("the row is marked as being removed before the provider runs; interrupted, it resumes when run again", async () => {
    using sandbox = openSandbox();
    const started = join(sandbox.folder, "started");
    const command = sandbox.script("slow", `touch '${started}'; exec sleep 100`);
    const slot = { provider: "p", package: "p", version: "1", provision: { command: "/bin/true", args: [] } };
    sandbox.slot({ ...slot, unprovision: { command, args: [] } });
    await ok(sandbox, "add", "alpha");
    const child = sandbox.start(["remove", "alpha"]);
    await until("the provider runs", () => existsSync(started));
    expect(readRegistryFile(sandbox).peers[0]?.["removing"]).toBeString();
    expect((await sandbox.iapeer("add", "alpha")).status).toBe(4);
    child.kill("SIGINT");
    expect(await child.exited).toBe(130);
    expect((await sandbox.json("show", "alpha")).being_removed).toBe(true);
    expect((await sandbox.iapeer("status")).stdout).toContain("iapeer remove alpha");
    sandbox.slot({ ...slot, unprovision: { command: "/bin/true", args: [] } });
    expect((await sandbox.json("remove", "alpha"))[0].action).toBe("removed");
    expect(readRegistryFile(sandbox).peers).toEqual([]);
  });

  test("a killed removal resumes too", async () => {
    using sandbox = openSandbox();
    const started = join(sandbox.folder, "started");
    const command = sandbox.script("slow", `[ -e '${started}' ] && exit 0; touch '${started}'; exec sleep 100`);
    sandbox.slot({ provider: "p", package: "p", version: "1", unprovision: { command, args: [] } });
    await ok(sandbox, "add", "alpha");
    const child = sandbox.start(["remove", "alpha"]);
    await until("the provider runs", () => existsSync(started));
    child.kill("SIGKILL");
    await child.exited;
    expect((await sandbox.json("remove", "alpha"))[0]).toMatchObject({ action: "removed", unprovision: [{ state: "ok" }] });
  });

  test("a live peer is refused without --force, and nothing is done", async () => {
    using sandbox = openSandbox();
    const { told } = recordingSlot(sandbox);
    await ok(sandbox, "add", "alpha", "--no-provision");
    await using server = await startServer(sandbox, "claude-alpha");
    const finished = await sandbox.iapeer("remove", "alpha", "--json");
    expect(finished.status).toBe(4);
    expect(errorLine(finished).code).toBe("peer-live");
    expect(JSON.parse(finished.stdout)[0]).toMatchObject({ action: "failed", error: { code: "peer-live" } });
    expect(server.isRunning()).toBe(true);
    expect(told()).toEqual([]);
    expect(readRegistryFile(sandbox).peers[0]?.["removing"]).toBeUndefined();
  });

  test("with --force the sessions are stopped first, claimed", async () => {
    using sandbox = openSandbox();
    await ok(sandbox, "add", "alpha", "--runtime", "claude", "--runtime", "codex");
    await using first = await startServer(sandbox, "claude-alpha");
    await using second = await startServer(sandbox, "codex-alpha");
    const [removal] = await sandbox.json("remove", "alpha", "--force");
    expect(removal.action).toBe("removed");
    expect(removal.purgedState).toContain("claude-alpha.claim");
    expect([first.isRunning(), second.isRunning()]).toEqual([false, false]);
    expect(readFileSync(join(sandbox.root, "logs/iapeer/lifecycle.log"), "utf8")).toContain(`server_pid=${first.pid}`);
  });

  test("one that is refused does not keep the others from being removed", async () => {
    using sandbox = openSandbox();
    await ok(sandbox, "add", "alpha");
    await ok(sandbox, "add", "beta");
    await using _server = await startServer(sandbox, "claude-alpha");
    const { stdout, status } = await sandbox.iapeer("remove", "alpha", "beta", "--json");
    expect(valuesOf(JSON.parse(stdout), "action")).toEqual(["failed", "removed"]);
    expect(status).toBe(4);
  });
});

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
    sandbox.write("root/peers-profiles.json", JSON.stringify({ peers: [{ personality: "a", cwd: "/a", last_active_runtime: "codex" }] }));
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
      provision: [{ runtime: "claude", memory: "attached", occasion: "birth", state: "ok", provider: "p", provider_version: "1.2.3" }],
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
    expect(told().map((line) => line.split(" ").slice(0, 3).join(" "))).toEqual(["provision birth claude", "unprovision remove claude", "provision birth codex"]);
  });

  test.each([
    ["nothing given", [], 2, "nothing to change is given"],
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
  test("exit 0 where registry and profiles agree, exit 1 where they differ", async () => {
    using sandbox = openSandbox();
    await ok(sandbox, "add", "alpha");
    expect(await sandbox.json("verify")).toEqual({ ok: true, differences: [] });
    rmSync(join(sandbox.root, "peers/alpha/.iapeer/peer-profile.json"));
    const { stdout, status } = await sandbox.iapeer("verify", "--json");
    expect(status).toBe(1);
    expect(JSON.parse(stdout).differences).toEqual([expect.objectContaining({ personality: "alpha", kind: "card-missing", fixable: true, fixed: false })]);
  });
});

describe("status", () => {
  test("version, root, the slot, peers by state, servers without a canary, deaths in the last day", async () => {
    using sandbox = openSandbox();
    const beat = sandbox.write("beat", "");
    sandbox.slot({ provider: "p", package: "p", version: "1", heartbeat: beat, provision: { command: "/bin/true", args: [] } });
    await ok(sandbox, "add", "alpha");
    await ok(sandbox, "add", "beta");
    await using _server = await startServer(sandbox, "claude-alpha");
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
    sandbox.slot({ provider: "p", package: "p", version: "1", provision: { command: "relative", args: [] }, unprovision: { command: "/bin/true", args: "x" } });
    const { stdout, status } = await sandbox.iapeer("status");
    expect(status).toBe(1);
    expect(stdout).toContain('"provision.command" is not an absolute path');
    expect(stdout).toContain('"unprovision.args" is not an array of strings');
  });

  test("exit 0 where nothing needs a person, an empty slot and no peers included", async () => {
    using sandbox = openSandbox();
    expect((await sandbox.iapeer("status")).status).toBe(0);
  });
});

describe("every command", () => {
  const VERBS = ["add", "remove", "list", "show", "update", "memory-plugin", "native-memory", "provider check", "provider run", "provision exec", "status", "verify", "completions"];

  test.each(VERBS)("%s takes --help: on stdout, exit 0, nothing done", async (verb) => {
    using sandbox = openSandbox();
    const { stdout, stderr, status } = await sandbox.iapeer(...verb.split(" "), "--help");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toStartWith(`iapeer ${verb}: `);
    expect(stdout).toContain("Examples:");
    expect((await sandbox.iapeer("help", ...verb.split(" "))).stdout).toBe(stdout);
    expect(existsSync(sandbox.root)).toBe(false);
  });

  test.each(VERBS)("%s refuses unknown flags and stray arguments: exit 2", async (verb) => {
    using sandbox = openSandbox();
    for (const args of [["--colour"], ["a", "b", "c", "-z"]]) {
      const { stderr, status } = await sandbox.iapeer(...verb.split(" "), ...args);
      expect(stderr).toStartWith("error: ");
      expect(status).toBe(2);
    }
  });

  test.each([["--help"], ["-h"], ["help"]])("iapeer %s names them all", async (word) => {
    using sandbox = openSandbox();
    const { stdout } = await ok(sandbox, word);
    for (const verb of VERBS) expect(stdout).toContain(`  ${verb} `);
  });

  test.each([["--version"], ["-V"], ["version"]])("iapeer %s is the version", async (word) => {
    using sandbox = openSandbox();
    expect((await ok(sandbox, word)).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(await sandbox.json(word)).toEqual({ version: expect.any(String) });
  });

  test.each([
    [["lsit"], "did you mean iapeer list?"],
    [["provider", "chek"], "did you mean iapeer provider check?"],
    [["provider"], "one of: provider check, provider run"],
    [["list", "--jsn"], "did you mean --json?"],
    [["show", "alpah"], "did you mean alpha?"],
    [["memory-plugin", "om", "--all"], "did you mean on?"],
  ])("%p: %s", async (args, hint) => {
    using sandbox = openSandbox();
    await ok(sandbox, "add", "alpha");
    expect((await sandbox.iapeer(...args)).stderr).toContain(hint);
  });

  test("no colours and no escape codes where there is no terminal, whatever a description holds", async () => {
    using sandbox = openSandbox();
    mkdirSync(join(sandbox.folder, "f\u001b[31m"));
    const env = { TERM: "xterm-256color", FORCE_COLOR: "1", COLORTERM: "truecolor" };
    const calls = [["add", "alpha", "--description", "\u001b[31mred\u0007", "--cwd", "f\u001b[31m"], ["list"], ["show", "alpha"], ["status"], ["verify"], ["remove", "alpha"], ["add"], ["help"]];
    for (const args of calls) {
      const { stdout, stderr } = await sandbox.iapeerWith(env, ...args);
      // oxlint-disable-next-line no-control-regex
      expect(stdout + stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f]/);
    }
  });
});
