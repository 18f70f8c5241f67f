// Contract 4: add and remove.
import { describe, expect, test } from "bun:test";
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { errorLine, ok, readJson, readRegistryFile, recordingSlot, valuesOf } from "../support/calls.ts";
import { startServer } from "../support/live-peer.ts";
import { openSandbox, until } from "../support/sandbox.ts";

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

  test.each(["$HOME/app", "~bob/app", String.raw`C:\app`, "{name}"])(
    "%s is no path, and no folder is made of it",
    async (cwd) => {
      using sandbox = openSandbox();
      const finished = await sandbox.iapeer("add", "alpha", "--cwd", cwd, "--json");
      expect([finished.status, errorLine(finished).code]).toEqual([2, "invalid-value"]);
      expect(readdirSync(sandbox.folder)).toEqual(["home"]);
    },
  );

  test("a copy of a folder is told as one and taken, and a shared folder needs a word", async () => {
    using sandbox = openSandbox();
    await ok(sandbox, "add", "alpha", "--cwd", "f");
    cpSync(join(sandbox.folder, "f"), join(sandbox.folder, "copy"), { recursive: true });
    const { stdout, stderr } = await ok(sandbox, "add", "beta", "--cwd", "copy");
    expect(stdout).toBe(`added beta at ${sandbox.folder}/copy\n`);
    expect(stderr).toContain(`a copy of alpha's, whose folder is ${sandbox.folder}/f`);
    await ok(sandbox, "add", "gamma", "--cwd", "f", "--shared-folder");
    expect(valuesOf(await sandbox.json("list"), "cwd")).toEqual(["f", "copy", "f"].map((name) => join(sandbox.folder, name)));
    expect(await sandbox.json("verify")).toMatchObject({ ok: true });
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

  test.each(["- reads mail", "-1", "--", "-x=1"])(
    "a description may begin with a dash where it is no option: %p",
    async (text) => {
      using sandbox = openSandbox();
      const args = text.startsWith("- ") || text === "-1" ? ["--description", text] : [`--description=${text}`];
      expect((await sandbox.json("add", "alpha", ...args)).peer.description).toBe(text);
    },
  );
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
    expect(existsSync(join(sandbox.root, "logs/iapeer/exits.log"))).toBe(false);
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
