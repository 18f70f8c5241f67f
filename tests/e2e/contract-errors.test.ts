// Contract 4: exit codes and errors.
import { describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ErrorCode, ERRORS } from "../../src/model/errors.ts";
import { errorLine, ok } from "../support/calls.ts";
import { openSandbox, type Sandbox } from "../support/sandbox.ts";

interface Case {
  readonly prepare?: (sandbox: Sandbox) => unknown;
  readonly args: (sandbox: Sandbox) => string[];
  readonly env?: (sandbox: Sandbox) => Record<string, string>;
}

const SLOT = { provider: "p", package: "p", version: "1" };
const add = (name: string) => async (sandbox: Sandbox) => await ok(sandbox, "add", name);

/** A call for each code that this program can end with. */
const CASES: Partial<Record<ErrorCode, Case>> = {
  usage: { args: () => ["add"] },
  "unknown-command": { args: () => ["frobnicate"] },
  "invalid-name": { args: () => ["add", "Alpha"] },
  "invalid-value": { args: () => ["list"], env: () => ({ IAPEER_LOCK_TIMEOUT_MS: "soon" }) },
  "sandbox-violation": { args: () => ["list"], env: () => ({ IAPEER_SOCK_DIR: `/tmp/iapeer-${process.getuid!()}` }) },
  "peer-not-found": { args: () => ["show", "alpha"] },
  "runtime-not-found": { prepare: add("alpha"), args: () => ["update", "alpha", "--remove-runtime", "codex"] },
  "file-not-found": { args: () => ["provider", "check", "missing.json"] },
  "peer-conflict": { prepare: add("alpha"), args: () => ["add", "alpha", "--cwd", "elsewhere"] },
  "folder-taken": { prepare: add("alpha"), args: ({ root }) => ["add", "beta", "--cwd", join(root, "peers/alpha")] },
  "folder-not-found": { args: () => ["list", "--root", "missing"] },
  "fleet-prunes-all": {
    prepare: async (sandbox) => {
      const fleet = (agents: string) => sandbox.write("root/fleet.yaml", `version: 1\npolicy: none\nagents: ${agents}\n`, 0o600);
      fleet("[{ name: alpha, class: tester }]");
      await ok(sandbox, "fleet", "apply");
      fleet("[]");
    },
    args: () => ["fleet", "apply", "--prune"],
  },
  "peer-being-removed": {
    prepare: (sandbox) =>
      sandbox.write(
        "root/peers-profiles.json",
        JSON.stringify({ peers: [{ personality: "alpha", cwd: join(sandbox.folder, "a"), removing: "2026-01-01T00:00:00Z" }] }),
      ),
    args: () => ["add", "alpha"],
  },
  "revision-conflict": { args: () => ["add", "alpha", "--if-revision", "7"] },
  "registry-corrupt": { prepare: (sandbox) => sandbox.write("root/peers-profiles.json", "{"), args: () => ["list"] },
  "registry-insecure": {
    prepare: (sandbox) => {
      mkdirSync(sandbox.root);
      chmodSync(sandbox.root, 0o777);
    },
    args: () => ["list"],
  },
  "profile-corrupt": {
    prepare: (sandbox) => sandbox.write("folder/.iapeer/peer-profile.json", "{"),
    args: () => ["add", "alpha", "--cwd", "folder"],
  },
  "slot-empty": { args: () => ["provider", "run", "birth", "--peer", "alpha"], prepare: add("alpha") },
  "slot-declares-nothing": {
    prepare: async (sandbox) => {
      await ok(sandbox, "add", "alpha");
      sandbox.slot(SLOT);
    },
    args: () => ["provider", "run", "birth", "--peer", "alpha"],
  },
  "slot-direction-missing": {
    prepare: async (sandbox) => {
      sandbox.slot({ ...SLOT, provision: { command: "/bin/true", args: [] } });
      await ok(sandbox, "add", "alpha");
    },
    args: () => ["provider", "run", "remove", "--peer", "alpha"],
  },
  "write-failed": { prepare: (sandbox) => writeFileSync(sandbox.root, ""), args: () => ["verify", "--fix"] },
};

describe("each code of the table gives its exit status, and one line of JSON on stderr", () => {
  test.each(Object.entries(CASES))("%s", async (code, { prepare, args, env }) => {
    using sandbox = openSandbox();
    await prepare?.(sandbox);
    const finished = await sandbox.iapeerWith(env?.(sandbox) ?? {}, ...args(sandbox), "--json");
    const error = errorLine(finished);
    expect(error).toMatchObject({ code: code as ErrorCode, message: expect.any(String) });
    expect(finished.status).toBe(ERRORS[code as ErrorCode].exit);
    expect(finished.stdout).toBe("");
  });
});

test("lock-busy (exit 4): the lock is not free in time", async () => {
  using sandbox = openSandbox();
  await ok(sandbox, "add", "alpha");
  const holder = Bun.spawn(["flock", join(sandbox.root, "peers-profiles.lock"), "sh", "-c", "echo held; cat"], {
    stdin: "pipe",
    stdout: "pipe",
  });
  await holder.stdout.getReader().read();
  const finished = await sandbox.iapeerWith({ IAPEER_LOCK_TIMEOUT_MS: "50" }, "add", "beta", "--json");
  await holder.stdin.end();
  await holder.exited;
  expect(finished.status).toBe(4);
  expect(errorLine(finished).code).toBe("lock-busy");
});

test("with --json an error has code, message, hint and details", async () => {
  using sandbox = openSandbox();
  await ok(sandbox, "add", "alpha");
  expect(errorLine(await sandbox.iapeer("--json", "show", "alpah"))).toEqual({
    code: "peer-not-found",
    message: "no peer is called alpah",
    hint: "did you mean alpha?",
    details: { personality: "alpah" },
  });
});

test("without --json it is told to a person, control characters made visible", async () => {
  using sandbox = openSandbox();
  const { stderr, stdout, status } = await sandbox.iapeer("provider", "check", "no\u001b[31m\nsuch");
  expect(stderr).toMatch(/^error: there is no declaration at .*no\?\[31m such\n/);
  expect(stdout).toBe("");
  expect(status).toBe(3);
});

test("codes are kebab-case, and their statuses those of the table", () => {
  for (const [code, { exit: status }] of Object.entries(ERRORS)) {
    expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect([1, 2, 3, 4, 5, 6, 70]).toContain(status);
  }
});

describe("exit 2: the call itself is wrong, and nothing was done", () => {
  test.each([
    ["an unknown flag", ["add", "alpha", "--colour"]],
    ["an unknown flag before the command", ["--colour", "add", "alpha"]],
    ["an unknown short flag", ["add", "alpha", "-x"]],
    ["a stray argument", ["add", "alpha", "beta"]],
    ["a stray argument after --", ["add", "--", "alpha", "beta"]],
    ["a flag without its value", ["add", "alpha", "--cwd"]],
    ["a flag where a value should be", ["add", "alpha", "--description", "--no-provision"]],
    ["a value for a flag that takes none", ["add", "alpha", "--no-provision=yes"]],
    ["an empty value", ["add", "alpha", "--cwd="]],
    ["a flag given twice", ["add", "alpha", "--cwd", "a", "--cwd", "b"]],
    ["a value that is not one of the choices", ["add", "alpha", "--intelligence", "great"]],
    ["a number that is none", ["add", "alpha", "--if-revision", "1e3"]],
    ["a mistyped command", ["ad", "alpha"]],
  ])("%s", async (_, args) => {
    using sandbox = openSandbox();
    const finished = await sandbox.iapeer(...args);
    expect(finished.status).toBe(2);
    expect(finished.stdout).toBe("");
    expect(finished.stderr).toMatch(/^error: .+\nhint: .+\n$/);
    expect(await sandbox.json("list")).toEqual([]);
  });
});

test("exit 6: timed out", async () => {
  using sandbox = openSandbox();
  const exec = ["provision", "exec", "--cwd", ".", "--runtime", "claude", "--personality", "a", "--occasion", "birth"];
  const finished = await sandbox.iapeer(...exec, "--timeout-ms", "50", "--", "sleep", "100");
  expect(finished.status).toBe(6);
  expect(JSON.parse(finished.stdout)).toMatchObject({ state: "timeout" });
});

describe("a result that cannot be written", () => {
  test.skipIf(process.platform !== "linux")("is an error (exit 1)", async () => {
    using sandbox = openSandbox();
    const child = Bun.spawn(
      ["sh", "-c", 'exec "$@" >/dev/full', "sh", join(import.meta.dir, "../../dist/iapeer"), "list", "--json"],
      {
        env: sandbox.env,
        stderr: "pipe",
      },
    );
    expect(JSON.parse(await child.stderr.text()).error.code).toBe("write-failed");
    expect(await child.exited).toBe(1);
  });

  test("is none where the reader has seen enough, and what was asked for is done", async () => {
    using sandbox = openSandbox();
    const child = sandbox.start(["add", "alpha"]);
    await child.stdout.cancel();
    expect(await child.exited).toBe(0);
    expect(await sandbox.json("list")).toHaveLength(1);
  });
});
