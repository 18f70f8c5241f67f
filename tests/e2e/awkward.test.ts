// The things that a person does by hand, between and beside the commands.
import { describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openSandbox, type Sandbox } from "../support/sandbox.ts";

const cardOf = (sandbox: Sandbox, name: string) => join(sandbox.root, "peers", name, ".iapeer/peer-profile.json");

function editCard(sandbox: Sandbox, name: string, change: object): void {
  const path = cardOf(sandbox, name);
  writeFileSync(path, JSON.stringify({ ...(JSON.parse(readFileSync(path, "utf8")) as object), ...change }));
}

/** A provider that notes what it is told; without `unprovision` on request. */
function slotOf(sandbox: Sandbox, { hasWayBack = true } = {}): () => string {
  const command = sandbox.script("told.sh", `echo "$@" >> ${sandbox.folder}/told`);
  const unprovision = hasWayBack ? { unprovision: { command, args: ["off", "{personality}", "{runtime}"] } } : {};
  sandbox.slot({
    provider: "p",
    package: "p",
    version: "1",
    provision: { command, args: ["on", "{personality}", "{runtime}"] },
    ...unprovision,
  });
  writeFileSync(join(sandbox.folder, "told"), "");
  return () => readFileSync(join(sandbox.folder, "told"), "utf8");
}

async function codeAndStatus(sandbox: Sandbox, ...args: string[]): Promise<[string, number | null]> {
  const { stderr, status } = await sandbox.iapeer(...args, "--json");
  return [(JSON.parse(stderr.trim().split("\n").at(-1)!) as { error: { code: string } }).error.code, status];
}

describe("a card that was edited by hand is right", () => {
  test.each([[["add", "a"]], [["update", "a", "--intelligence", "natural"]]])("%p keeps what it says", async (args) => {
    using sandbox = openSandbox();
    await sandbox.json("add", "a", "--description", "old");
    editCard(sandbox, "a", { description: "by hand" });
    const { peer } = await sandbox.json(...args);
    expect(peer.description).toBe("by hand");
    expect(JSON.parse(readFileSync(cardOf(sandbox, "a"), "utf8")).description).toBe("by hand");
  });

  test("another peer's card is not written over", async () => {
    using sandbox = openSandbox();
    await sandbox.json("add", "a");
    await sandbox.json("add", "b");
    rmSync(join(sandbox.root, "peers/a/.iapeer"), { recursive: true });
    symlinkSync("../b/.iapeer", join(sandbox.root, "peers/a/.iapeer"));
    expect(await codeAndStatus(sandbox, "update", "a", "--description", "x")).toEqual(["folder-taken", 4]);
    await sandbox.json("remove", "a");
    expect(JSON.parse(readFileSync(cardOf(sandbox, "b"), "utf8"))).toMatchObject({ personality: "b" });
    expect(readFileSync(cardOf(sandbox, "b"), "utf8")).not.toContain("removed");
  });

  test("nothing of a peer that was removed passes on to the next one in its folder", async () => {
    using sandbox = openSandbox();
    const cwd = join(sandbox.folder, "shared");
    await sandbox.json("add", "a", "--cwd", cwd, "--description", "secret");
    await sandbox.json("remove", "a");
    const { peer } = await sandbox.json("add", "b", "--cwd", cwd);
    expect(peer.description).toBe("");
    expect(readFileSync(join(cwd, ".iapeer/peer-profile.json"), "utf8")).not.toContain("secret");
  });
});

describe("a revision that has moved on", () => {
  test("is refused before the provider is told anything", async () => {
    using sandbox = openSandbox();
    await sandbox.json("add", "a", "--runtime", "claude", "--runtime", "codex", "--no-provision");
    const told = slotOf(sandbox);
    expect(await codeAndStatus(sandbox, "update", "a", "--remove-runtime", "codex", "--if-revision", "99")).toEqual([
      "revision-conflict",
      4,
    ]);
    expect(told()).toBe("");
  });
});

describe("a folder that cannot be a peer's", () => {
  test.each<[string, (path: string) => void]>([
    ["a file", (path) => writeFileSync(path, "")],
    ["a link to nowhere", (path) => symlinkSync("nowhere", path)],
    ["a link to itself", (path) => symlinkSync("odd", path)],
  ])("%s is refused, and nothing is registered", async (_, make) => {
    using sandbox = openSandbox();
    make(join(sandbox.folder, "odd"));
    expect(await codeAndStatus(sandbox, "add", "a", "--cwd", "odd")).toEqual(["invalid-value", 2]);
    expect(await sandbox.json("list")).toEqual([]);
  });

  test("of one peer does not keep others from being added", async () => {
    using sandbox = openSandbox();
    await sandbox.json("add", "a", "--cwd", "x/y");
    rmSync(join(sandbox.folder, "x"), { recursive: true });
    writeFileSync(join(sandbox.folder, "x"), "");
    mkdirSync(join(sandbox.folder, "z"));
    expect(await sandbox.json("add", "b", "--cwd", "z")).toMatchObject({ action: "added" });
  });
});

describe("memory", () => {
  test("is not attached to a peer whose removal has begun", async () => {
    using sandbox = openSandbox();
    await sandbox.json("add", "a", "--no-provision");
    const path = join(sandbox.root, "peers-profiles.json");
    const registry = JSON.parse(readFileSync(path, "utf8")) as { peers: object[] };
    writeFileSync(
      path,
      JSON.stringify({ ...registry, peers: [{ ...registry.peers[0], removing: "2026-01-01T00:00:00.000Z" }] }),
      { mode: 0o600 },
    );
    const told = slotOf(sandbox);
    expect(await codeAndStatus(sandbox, "memory-plugin", "on", "--peer", "a")).toEqual(["peer-being-removed", 4]);
    expect(await sandbox.json("memory-plugin", "on", "--all")).toMatchObject({ outcomes: [] });
    expect(told()).toBe("");
  });

  test("that stays attached because there is no unprovision is said loudly at a removal", async () => {
    using sandbox = openSandbox();
    slotOf(sandbox, { hasWayBack: false });
    await sandbox.json("add", "a");
    const { stderr, status } = await sandbox.iapeer("remove", "a");
    expect(stderr).toContain('provider "p" declares no unprovision command');
    expect(status).toBe(0);
  });

  test("of a slot that others may write is refused with slot-insecure", async () => {
    using sandbox = openSandbox();
    await sandbox.json("add", "a");
    slotOf(sandbox);
    sandbox.write("root/memory-provider.json", readFileSync(join(sandbox.root, "memory-provider.json"), "utf8"), 0o666);
    expect(await codeAndStatus(sandbox, "memory-plugin", "on", "--all")).toEqual(["slot-insecure", 5]);
  });
});

test("a relative HOME gives a registry that reads", async () => {
  using sandbox = openSandbox();
  const env = { HOME: ".", IAPEER_ROOT: "" };
  expect(await sandbox.iapeerWith(env, "add", "a")).toMatchObject({ status: 0 });
  expect(await sandbox.iapeerWith(env, "list")).toMatchObject({ status: 0, stderr: "" });
});
