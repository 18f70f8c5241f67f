// Contract 3: the registry.
import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { errorLine, ok, readJson, readRegistryFile, valuesOf } from "../support/calls.ts";
import { openSandbox, type Sandbox } from "../support/sandbox.ts";

const registryOf = ({ root }: Sandbox) => join(root, "peers-profiles.json");
const cardOf = ({ root }: Sandbox, name: string) => join(root, "peers", name, ".iapeer/peer-profile.json");

test("it is sorted by personality", async () => {
  using sandbox = openSandbox();
  for (const name of ["zoe", "b", "a-b", "a", "a0"]) await ok(sandbox, "add", name);
  const names = valuesOf(readRegistryFile(sandbox).peers, "personality");
  expect(names).toEqual(["a", "a-b", "a0", "b", "zoe"]);
  expect(valuesOf(await sandbox.json("list"), "personality")).toEqual(names);
});

test("a row has the fields of the contract, and the revision counts each change once", async () => {
  using sandbox = openSandbox();
  expect((await sandbox.json("add", "alpha")).revision).toBe(1);
  expect((await sandbox.json("add", "alpha")).revision).toBe(1);
  expect((await sandbox.json("update", "alpha", "--description", "d")).revision).toBe(2);
  expect(readJson(registryOf(sandbox))).toEqual({
    version: 2,
    revision: 2,
    peers: [
      {
        interfaces: {},
        personality: "alpha",
        default_runtime: "claude",
        runtimes: ["claude"],
        description: "d",
        intelligence: "artificial",
        cwd: join(sandbox.root, "peers/alpha"),
      },
    ],
  });
});

test("fields that iapeer does not know survive every rewrite, at both levels, big numbers included", async () => {
  using sandbox = openSandbox();
  const text = (description: string, revision: number) => `{
  "version": 2,
  "revision": ${revision},
  "host": { "big": 12345678901234567890, "small": 1e-400 },
  "peers": [
    {
      "personality": "old",
      "default_runtime": "claude",
      "runtimes": ["claude"],
      "description": "${description}",
      "intelligence": "artificial",
      "cwd": ${JSON.stringify(join(sandbox.folder, "old"))},
      "interfaces": { "voice": { "pitch": 0.1 } },
      "constructor": "kept",
      "x_seen": 9007199254740993
    }
  ]
}`;
  const bare = (json: string) => json.replace(/\s+/g, "");
  sandbox.write(registryOf(sandbox), text("before", 41));
  await ok(sandbox, "update", "old", "--description", "after");
  expect(bare(readFileSync(registryOf(sandbox), "utf8"))).toBe(bare(text("after", 42)));
  await ok(sandbox, "add", "tmp");
  await ok(sandbox, "remove", "tmp");
  expect(bare(readFileSync(registryOf(sandbox), "utf8"))).toBe(bare(text("after", 45)));
});

test("a missing version or revision is read as 2 and 0, and written so", async () => {
  using sandbox = openSandbox();
  sandbox.write(registryOf(sandbox), '{"peers": []}');
  expect((await sandbox.json("status")).revision).toBe(0);
  await ok(sandbox, "add", "alpha");
  expect(readJson(registryOf(sandbox))).toMatchObject({ version: 2, revision: 1 });
});

test("a version that iapeer does not know is not touched", async () => {
  using sandbox = openSandbox();
  sandbox.write(registryOf(sandbox), '{"version": 3, "peers": []}');
  expect((await sandbox.iapeer("add", "alpha")).status).toBe(5);
  expect(readFileSync(registryOf(sandbox), "utf8")).toBe('{"version": 3, "peers": []}');
});

test("runtime is read where default_runtime is missing", async () => {
  using sandbox = openSandbox();
  const row = { personality: "old", runtime: "codex", cwd: join(sandbox.folder, "old") };
  sandbox.write(registryOf(sandbox), JSON.stringify({ peers: [row] }));
  expect((await sandbox.json("list"))[0]).toMatchObject({
    default_runtime: "codex",
    runtimes: [{ runtime: "codex", status: "asleep" }],
  });
});

describe("descriptions are cut at 450 characters, with a warning", () => {
  test.each([
    ["450 stay", "x".repeat(450), 450, false],
    ["451 are cut", "x".repeat(451), 450, true],
    ["a character of two units counts once and is not cut in half", "😀".repeat(460), 450, true],
  ])("%s", async (_, description, length, warns) => {
    using sandbox = openSandbox();
    const { stdout, stderr } = await ok(sandbox, "add", "alpha", "--description", description, "--json");
    const kept = JSON.parse(stdout).peer.description as string;
    expect(Array.from(kept)).toHaveLength(length);
    expect(kept.isWellFormed()).toBe(true);
    expect(stderr.includes("warning: the description is")).toBe(warns);
    const updated = await ok(sandbox, "update", "alpha", "--description", `${description}!`);
    expect(updated.stderr).toContain("is cut at 450");
  });
});

describe("a registry that cannot be read is never overwritten", () => {
  const COMMANDS = [
    ["add", "beta"],
    ["remove", "alpha"],
    ["update", "alpha", "--description", "d"],
    ["list"],
    ["show", "alpha"],
    ["status"],
  ];

  test.each(COMMANDS)("%s stops with registry-corrupt (exit 5) and names the backup", async (...args) => {
    using sandbox = openSandbox();
    await ok(sandbox, "add", "alpha");
    writeFileSync(registryOf(sandbox), '{"peers": [');
    const finished = await sandbox.iapeer(...args, "--json");
    const error = errorLine(finished);
    expect(finished.status).toBe(5);
    expect(error.code).toBe("registry-corrupt");
    expect(error.details).toMatchObject({ backup: `${registryOf(sandbox)}.bak` });
    expect(error.hint).toContain(`${registryOf(sandbox)}.bak`);
    expect(readFileSync(registryOf(sandbox), "utf8")).toBe('{"peers": [');
    expect(readJson(`${registryOf(sandbox)}.bak`)["peers"]).toHaveLength(1);
  });

  test("one that is gone while its backup holds peers is corrupt too", async () => {
    using sandbox = openSandbox();
    await ok(sandbox, "add", "alpha");
    rmSync(registryOf(sandbox));
    expect((await sandbox.iapeer("add", "beta")).status).toBe(5);
  });
});

describe("verify --fix", () => {
  test("restores from the backup and the peers' own cards, and keeps the bad file beside it", async () => {
    using sandbox = openSandbox();
    await ok(sandbox, "add", "alpha", "--description", "first");
    const backup = readFileSync(`${registryOf(sandbox)}.bak`);
    await ok(sandbox, "update", "alpha", "--description", "second");
    await ok(sandbox, "add", "beta");
    writeFileSync(`${registryOf(sandbox)}.bak`, backup);
    writeFileSync(registryOf(sandbox), "garbage");
    const fixed = await ok(sandbox, "verify", "--fix", "--json");
    const { ok: isOk, kept } = JSON.parse(fixed.stdout);
    expect(isOk).toBe(true);
    expect(readFileSync(kept, "utf8")).toBe("garbage");
    expect(readdirSync(sandbox.root)).toContain(basename(kept));
    const list = await sandbox.json("list");
    expect(list).toMatchObject([
      { personality: "alpha", description: "second" },
      { personality: "beta", description: "" },
    ]);
    expect((await sandbox.iapeer("verify")).status).toBe(0);
  });

  test("restores from the backup a peer whose folder is elsewhere", async () => {
    using sandbox = openSandbox();
    await ok(sandbox, "add", "alpha", "--cwd", "elsewhere");
    writeFileSync(registryOf(sandbox), "");
    await ok(sandbox, "verify", "--fix");
    expect(await sandbox.json("list")).toMatchObject([{ personality: "alpha", cwd: join(sandbox.folder, "elsewhere") }]);
  });

  test("restores from the profiles alone where the backup is bad too", async () => {
    using sandbox = openSandbox();
    await ok(sandbox, "add", "alpha", "--description", "d");
    writeFileSync(registryOf(sandbox), "");
    writeFileSync(`${registryOf(sandbox)}.bak`, "");
    await ok(sandbox, "verify", "--fix");
    expect((await sandbox.json("list"))[0]).toMatchObject({ personality: "alpha", description: "d" });
  });

  test("makes the registry follow the card, and writes a card that is missing", async () => {
    using sandbox = openSandbox();
    await ok(sandbox, "add", "alpha");
    await ok(sandbox, "add", "beta");
    writeFileSync(cardOf(sandbox, "alpha"), JSON.stringify({ ...readJson(cardOf(sandbox, "alpha")), description: "by hand" }));
    rmSync(cardOf(sandbox, "beta"));
    const before = await sandbox.iapeer("verify", "--json");
    expect(before.status).toBe(1);
    expect(JSON.parse(before.stdout).differences).toMatchObject([
      { personality: "alpha", kind: "card-differs" },
      { personality: "beta", kind: "card-missing" },
    ]);
    await ok(sandbox, "verify", "--fix");
    expect((await sandbox.json("show", "alpha")).description).toBe("by hand");
    expect(readJson(cardOf(sandbox, "beta")).personality).toBe("beta");
    await ok(sandbox, "verify");
  });

  test("exits 1 where something is left that it cannot mend", async () => {
    using sandbox = openSandbox();
    await ok(sandbox, "add", "alpha");
    rmSync(join(sandbox.root, "peers/alpha"), { recursive: true });
    expect((await sandbox.iapeer("verify", "--fix")).status).toBe(1);
    expect(await sandbox.json("list")).toHaveLength(1);
  });

  test("without --fix nothing is changed", async () => {
    using sandbox = openSandbox();
    await ok(sandbox, "add", "alpha");
    writeFileSync(registryOf(sandbox), "garbage");
    expect((await sandbox.iapeer("verify")).status).toBe(1);
    expect(readFileSync(registryOf(sandbox), "utf8")).toBe("garbage");
  });
});
