// Contract 1: words.
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { errorLine, ok, readRegistryFile } from "../support/calls.ts";
import { openSandbox } from "../support/sandbox.ts";

describe("personality: ^[a-z][a-z0-9-]{0,31}$", () => {
  test.each(["a", "a-", "a--b", "z9", "abcdefghijklmnopqrstuvwxyz012345"])("%p is a name", async (name) => {
    using sandbox = openSandbox();
    expect((await sandbox.json("add", name)).peer.personality).toBe(name);
  });

  test.each(["A", "9a", "-a", "a_b", "a.b", "../x", "a b", "ä", "a\n", "abcdefghijklmnopqrstuvwxyz0123456"])(
    "%p is none",
    async (name) => {
      using sandbox = openSandbox();
      const finished = await sandbox.iapeer("add", "--json", "--", name);
      expect(finished.status).toBe(2);
      expect(errorLine(finished)).toMatchObject({ code: "invalid-name" });
    },
  );
});

describe("runtime: ^[a-z][a-z0-9]{0,31}$", () => {
  test.each(["a", "claude2", "abcdefghijklmnopqrstuvwxyz012345"])("%p is a runtime", async (runtime) => {
    using sandbox = openSandbox();
    expect((await sandbox.json("add", "x", "--runtime", runtime)).peer.default_runtime).toBe(runtime);
  });

  test.each(["Claude", "my-runtime", "9", "a/b", "abcdefghijklmnopqrstuvwxyz0123456"])("%p is none", async (runtime) => {
    using sandbox = openSandbox();
    const finished = await sandbox.iapeer("add", "x", "--runtime", runtime, "--json");
    expect(finished.status).toBe(2);
    expect(errorLine(finished)).toMatchObject({ code: "invalid-name" });
  });
});

test("an identity is <runtime>-<personality>, so a personality with dashes is told apart", async () => {
  using sandbox = openSandbox();
  await ok(sandbox, "add", "codex-a", "--runtime", "claude");
  await ok(sandbox, "add", "a", "--runtime", "codex");
  sandbox.write(
    join(sandbox.root, "logs/iapeer/exits.log"),
    "ts=2026-01-01T00:00:00.000Z ev=session-exit identity=claude-codex-a dead_status=7 dead_signal=\n",
  );
  expect((await sandbox.json("show", "codex-a")).last_death).toMatchObject({ identity: "claude-codex-a" });
  expect((await sandbox.json("show", "a")).last_death).toBeNull();
});

describe("default intelligence by runtime", () => {
  test.each([
    ["telegram", "natural"],
    ["discord", "natural"],
    ["matrix", "natural"],
    ["email", "natural"],
    ["web", "natural"],
    ["notifier", "absent"],
    ["webhook", "absent"],
    ["api", "absent"],
    ["cron", "absent"],
    ["claude", "artificial"],
    ["codex", "artificial"],
    ["constructor", "artificial"],
  ])("%s: %s", async (runtime, intelligence) => {
    using sandbox = openSandbox();
    expect((await sandbox.json("add", "x", "--runtime", runtime)).peer.intelligence).toBe(intelligence);
  });

  test("what is given is more than the default", async () => {
    using sandbox = openSandbox();
    expect((await sandbox.json("add", "x", "--intelligence", "natural")).peer.intelligence).toBe("natural");
  });
});

describe("legacy human and scripted", () => {
  const rowOf = (intelligence: string, cwd: string) => ({
    personality: "old",
    default_runtime: "claude",
    runtimes: ["claude"],
    description: "",
    intelligence,
    cwd,
  });

  test.each([
    ["human", "natural"],
    ["scripted", "absent"],
  ])("%s is read as %s, and the word on disk is kept as it was", async (word, meaning) => {
    using sandbox = openSandbox();
    sandbox.write(
      "root/peers-profiles.json",
      JSON.stringify({ version: 2, revision: 1, peers: [rowOf(word, join(sandbox.folder, "old"))] }),
    );
    expect((await sandbox.json("list"))[0].intelligence).toBe(meaning);
    await ok(sandbox, "update", "old", "--description", "rewritten");
    await ok(sandbox, "add", "other");
    expect(readRegistryFile(sandbox).peers[0]).toMatchObject({
      personality: "old",
      intelligence: word,
      description: "rewritten",
    });
  });

  test.each(["human", "scripted"])("%s cannot be given any more", async (word) => {
    using sandbox = openSandbox();
    expect((await sandbox.iapeer("add", "x", "--intelligence", word)).status).toBe(2);
  });
});

describe("agentic: provider commands run for claude and codex only", () => {
  test.each([
    ["claude", 1],
    ["codex", 1],
    ["telegram", 0],
    ["claude2", 0],
  ])("%s: %d run(s)", async (runtime, runs) => {
    using sandbox = openSandbox();
    sandbox.slot({ provider: "p", package: "p", version: "1", provision: { command: "/bin/true", args: [] } });
    expect((await sandbox.json("add", "x", "--runtime", runtime)).outcomes).toHaveLength(runs);
  });
});
