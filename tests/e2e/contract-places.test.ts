// Contract 2: where things are.
import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { accountHome } from "../../src/core/libc.ts";
import { errorLine, modeOf, ok, readJson, readRegistryFile, recordingSlot } from "../support/calls.ts";
import { openSandbox } from "../support/sandbox.ts";

test("the root holds what the contract draws, folders 0700 and files 0600, whatever the umask", async () => {
  using sandbox = openSandbox();
  recordingSlot(sandbox);
  const child = Bun.spawn(
    ["sh", "-c", 'umask 000; exec "$@"', "sh", join(import.meta.dir, "../../dist/iapeer"), "add", "alpha"],
    {
      env: sandbox.env,
      stdout: "ignore",
      stderr: "inherit",
    },
  );
  expect(await child.exited).toBe(0);
  const modes = Object.fromEntries(
    [
      ".",
      "peers",
      "peers/alpha",
      "peers/alpha/.iapeer",
      "state/iapeer/lifecycle",
      "logs/iapeer",
      "peers-profiles.json",
      "peers-profiles.json.bak",
      "peers-profiles.lock",
      "peers/alpha/.iapeer/peer-profile.json",
      "logs/iapeer/lifecycle.log",
      "state/iapeer/lifecycle/claude-alpha.provision.json",
    ].map((path) => [path, modeOf(join(sandbox.root, path))]),
  );
  for (const [path, mode] of Object.entries(modes)) {
    expect(`${path} ${mode}`).toBe(`${path} ${statSync(join(sandbox.root, path)).isDirectory() ? "0700" : "0600"}`);
  }
});

test("everything kept about one identity is in state/iapeer/lifecycle/<identity>.*, purged with the peer", async () => {
  using sandbox = openSandbox();
  recordingSlot(sandbox);
  await ok(sandbox, "add", "alpha");
  await ok(sandbox, "add", "alpha-two");
  const state = join(sandbox.root, "state/iapeer/lifecycle");
  sandbox.write(join(state, "claude-alpha.stopped"), "");
  const [removal] = await sandbox.json("remove", "alpha");
  expect(new Set(removal.purgedState)).toEqual(new Set(["claude-alpha.provision.json", "claude-alpha.stopped"]));
  expect(readdirSync(state).filter((name) => name.startsWith("claude-alpha."))).toEqual([]);
  expect(readdirSync(state)).toContain("claude-alpha-two.provision.json");
});

test("the registry is the projection of the peer's own card", async () => {
  using sandbox = openSandbox();
  await ok(sandbox, "add", "alpha", "--description", "d");
  const { cwd: _, ...row } = readRegistryFile(sandbox).peers[0]!;
  expect(readJson(join(sandbox.root, "peers/alpha/.iapeer/peer-profile.json"))).toEqual(row);
});

describe("the root", () => {
  test("is $IAPEER_ROOT", async () => {
    using sandbox = openSandbox();
    expect((await sandbox.json("status")).root).toBe(sandbox.root);
  });

  test("is ~/.iapeer where IAPEER_ROOT is not set, or empty", async () => {
    using sandbox = openSandbox();
    const { stdout } = await sandbox.iapeerWith({ IAPEER_ROOT: "" }, "status", "--json");
    expect(JSON.parse(stdout).root).toBe(join(sandbox.home, ".iapeer"));
  });

  test.each([
    ["--root DIR after the verb", ["status", "--json", "--root", "other"]],
    ["--root DIR before it", ["--root", "other", "status", "--json"]],
    ["--root=DIR", ["status", "--root=other", "--json"]],
  ])("is what %s says, from the current folder", async (_, args) => {
    using sandbox = openSandbox();
    mkdirSync(join(sandbox.folder, "other"), { mode: 0o700 });
    expect(JSON.parse((await sandbox.iapeer(...args)).stdout).root).toBe(join(sandbox.folder, "other"));
  });

  test("that somebody else may write is refused", async () => {
    using sandbox = openSandbox();
    mkdirSync(sandbox.root, { mode: 0o700 });
    Bun.spawnSync(["chmod", "0777", sandbox.root]);
    const finished = await sandbox.iapeer("add", "alpha", "--json");
    expect(finished.status).toBe(5);
    expect(errorLine(finished).code).toBe("registry-insecure");
  });
});

describe("sockets", () => {
  /** Where it looks: a listening socket there makes the peer live. */
  async function statusWith(folderOf: (root: string, folder: string) => string, env: (folder: string) => Record<string, string>) {
    using sandbox = openSandbox();
    await ok(sandbox, "add", "alpha");
    const folder = folderOf(sandbox.root, sandbox.folder);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const server = Bun.listen({ unix: join(folder, "tmux-iap-claude-alpha.sock"), socket: { data: () => undefined } });
    const { stdout } = await sandbox.iapeerWith(env(sandbox.folder), "list", "--json");
    server.stop(true);
    return JSON.parse(stdout)[0].runtimes[0].status as string;
  }

  test("are in <root>/socks when IAPEER_ROOT is set", async () => {
    expect(
      await statusWith(
        (root) => join(root, "socks"),
        () => ({}),
      ),
    ).toBe("live");
  });

  test("are in $IAPEER_SOCK_DIR when that is set", async () => {
    expect(
      await statusWith(
        (_root, folder) => join(folder, "s"),
        (folder) => ({ IAPEER_SOCK_DIR: join(folder, "s") }),
      ),
    ).toBe("live");
    expect(
      await statusWith(
        (root) => join(root, "socks"),
        (folder) => ({ IAPEER_SOCK_DIR: join(folder, "s") }),
      ),
    ).toBe("asleep");
  });
});

describe("IAPEER_TEST_SANDBOX=1", () => {
  const real = join(accountHome(), ".iapeer");

  test.each(["add alpha", "list", "remove alpha", "verify --fix", "status"])(
    "refuses the real ~/.iapeer, whatever HOME says: %s",
    async (call) => {
      using sandbox = openSandbox();
      const existed = existsSync(real);
      const finished = await sandbox.iapeerWith({ IAPEER_ROOT: real }, ...call.split(" "), "--json");
      expect(finished.status).toBe(2);
      expect(errorLine(finished).code).toBe("sandbox-violation");
      expect(existsSync(real)).toBe(existed);
    },
  );

  test("refuses a way around: --root, a folder below it, a path with dots", async () => {
    using sandbox = openSandbox();
    for (const root of [real, join(real, "sub"), `${sandbox.folder}/../../..${real}`]) {
      expect((await sandbox.iapeer("list", "--root", root)).status).toBe(2);
    }
  });

  test.each(["fleet init --profile minimal --write", "fleet add a --class tester", "fleet remove a"])(
    "refuses a fleet file there: %s",
    async (call) => {
      using sandbox = openSandbox();
      const finished = await sandbox.iapeer(...call.split(" "), "--file", join(real, "fleet.yaml"), "--json");
      expect([finished.status, errorLine(finished).code]).toEqual([2, "sandbox-violation"]);
    },
  );

  test("refuses the sockets that all share", async () => {
    using sandbox = openSandbox();
    const finished = await sandbox.iapeerWith({ IAPEER_SOCK_DIR: `/tmp/iapeer-${userInfo().uid}` }, "list", "--json");
    expect(errorLine(finished).code).toBe("sandbox-violation");
  });
});
