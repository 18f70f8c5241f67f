import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { IapeerError } from "../../src/model/errors.ts";
import type { Layout } from "../../src/core/layout.ts";
import { withoutRow, withRow } from "../../src/registry/edits.ts";
import type { RegistryFile } from "../../src/registry/schema.ts";
import { changeRegistry, readBackup, readStored, writeRegistry } from "../../src/registry/store.ts";
import { AT_ONCE, layoutIn, rowOf } from "../support/registry.ts";
import { errorOf, openScratch, rejectionOf } from "../support/scratch.ts";

const EMPTY: RegistryFile = { version: 2, revision: 0, peers: [] };
const addTo = (layout: Layout, name: string) => (registry: RegistryFile) => withRow(registry, rowOf(layout, name));
const textOf = (path: string) => readFileSync(path, "utf8");

async function withPeers(layout: Layout, ...names: string[]): Promise<void> {
  for (const name of names) await changeRegistry(layout, AT_ONCE, addTo(layout, name));
}

describe("a change", () => {
  test("is sorted, counted once, private, and in the backup too", async () => {
    using scratch = openScratch();
    const layout = layoutIn(scratch);
    await withPeers(layout, "zoe", "a0", "a-b", "a");
    const stored = readStored(layout);
    expect(stored.peers.map(({ personality }) => personality)).toEqual(["a", "a-b", "a0", "zoe"]);
    expect(stored.revision).toBe(4);
    expect(textOf(layout.registryBackup)).toBe(textOf(layout.registry));
    expect(statSync(layout.registry).mode & 0o777).toBe(0o600);
    expect(statSync(layout.registryBackup).mode & 0o777).toBe(0o600);
    expect(readdirSync(layout.root).toSorted()).toEqual([
      "peers-profiles.json",
      "peers-profiles.json.bak",
      "peers-profiles.lock",
    ]);
  });

  test("that returns what it was given writes nothing", async () => {
    using scratch = openScratch();
    const layout = layoutIn(scratch);
    await withPeers(layout, "a");
    const before = statSync(layout.registry);
    const after = await changeRegistry(layout, AT_ONCE, (registry) => registry);
    expect(after.revision).toBe(1);
    expect(statSync(layout.registry).ino).toBe(before.ino);
  });

  test("that throws writes nothing, prepares nothing, and gives the lock back", async () => {
    using scratch = openScratch();
    const layout = layoutIn(scratch);
    let prepared = 0;
    const failing = changeRegistry(
      layout,
      AT_ONCE,
      () => {
        throw new IapeerError("peer-conflict", "no");
      },
      () => {
        prepared += 1;
        return () => undefined;
      },
    );
    expect((await rejectionOf(failing)).code).toBe("peer-conflict");
    expect(prepared).toBe(0);
    expect(existsSync(layout.registry)).toBe(false);
    await withPeers(layout, "a");
  });

  test("whose preparation fails writes nothing", async () => {
    using scratch = openScratch();
    const layout = layoutIn(scratch);
    const failing = changeRegistry(layout, AT_ONCE, addTo(layout, "a"), () => {
      throw new IapeerError("write-failed", "no");
    });
    expect((await rejectionOf(failing)).code).toBe("write-failed");
    expect(existsSync(layout.registry)).toBe(false);
  });

  test("that cannot be written takes its preparation back", async () => {
    using scratch = openScratch();
    const layout = layoutIn(scratch);
    const done: string[] = [];
    const failing = changeRegistry(layout, AT_ONCE, addTo(layout, "a"), () => {
      done.push("prepared");
      mkdirSync(layout.registry);
      return () => void done.push("taken back");
    });
    expect((await rejectionOf(failing)).code).toBe("write-failed");
    expect(done).toEqual(["prepared", "taken back"]);
  });

  test("many at once are all there", async () => {
    using scratch = openScratch();
    const layout = layoutIn(scratch);
    const names = Array.from({ length: 20 }, (_, index) => `p${index}`);
    await Promise.all(names.map(async (name) => await changeRegistry(layout, { lockTimeoutMs: 10_000 }, addTo(layout, name))));
    expect(readStored(layout).peers.map(({ personality }) => personality)).toEqual(names.toSorted());
    expect(readStored(layout).revision).toBe(20);
  });
});

describe("an empty registry never replaces a full one", () => {
  test("by an edit that goes wrong", async () => {
    using scratch = openScratch();
    const layout = layoutIn(scratch);
    await withPeers(layout, "a", "b");
    const before = textOf(layout.registry);
    const error = await rejectionOf(changeRegistry(layout, AT_ONCE, (registry) => ({ ...registry, peers: [] })));
    expect(error).toMatchObject({ code: "bug", exitStatus: 70 });
    expect(textOf(layout.registry)).toBe(before);
  });

  test("but the last peer may go, and its backup is empty then too", async () => {
    using scratch = openScratch();
    const layout = layoutIn(scratch);
    await withPeers(layout, "a");
    await changeRegistry(layout, AT_ONCE, (registry) => withoutRow(registry, "a"));
    expect(readStored(layout)).toEqual({ ...EMPTY, revision: 2 });
    rmSync(layout.registry);
    expect(readStored(layout)).toEqual(EMPTY);
  });
});

describe("ifRevision", () => {
  test.each([
    [1, undefined],
    [0, "revision-conflict"],
    [2, "revision-conflict"],
  ])("%d, where the registry has 1: %p", async (ifRevision, code) => {
    using scratch = openScratch();
    const layout = layoutIn(scratch);
    await withPeers(layout, "a");
    const change = changeRegistry(layout, { ...AT_ONCE, ifRevision }, addTo(layout, "b"));
    if (code === undefined) {
      expect((await change).revision).toBe(2);
      return;
    }
    const error = await rejectionOf(change);
    expect(error).toMatchObject({ code, exitStatus: 4, details: { revision: 1, expected: ifRevision } });
    expect(readStored(layout).revision).toBe(1);
  });
});

describe("a registry that is not there", () => {
  test("is an empty one in a new root, and in a root that is not there either", () => {
    using scratch = openScratch();
    const layout = layoutIn(scratch);
    expect(readStored(layout)).toEqual(EMPTY);
    rmSync(layout.root, { recursive: true });
    expect(readStored(layout)).toEqual(EMPTY);
    expect(existsSync(layout.root)).toBe(false);
  });

  test("is corrupt where a backup holds peers, and a change leaves it so", async () => {
    using scratch = openScratch();
    const layout = layoutIn(scratch);
    await withPeers(layout, "a");
    rmSync(layout.registry);
    for (const error of [
      errorOf(() => readStored(layout)),
      await rejectionOf(changeRegistry(layout, AT_ONCE, addTo(layout, "b"))),
    ]) {
      expect(error).toMatchObject({ code: "registry-corrupt", exitStatus: 5, details: { backup: layout.registryBackup } });
      expect(error.message).toContain("is gone, but its backup holds 1 peer");
    }
    expect(existsSync(layout.registry)).toBe(false);
    expect(readBackup(layout)?.peers).toHaveLength(1);
  });
});

describe("a backup", () => {
  test.each<[string, (path: string) => void]>([
    ["cut off", (path) => writeFileSync(path, "{", { mode: 0o600 })],
    ["a link", (path) => symlinkSync("elsewhere", path)],
    ["a folder", (path) => mkdirSync(path)],
    [
      "writable by others",
      (path) => {
        writeFileSync(path, '{"peers":[]}');
        chmodSync(path, 0o666);
      },
    ],
  ])("that is %s is none", (_, make) => {
    using scratch = openScratch();
    const layout = layoutIn(scratch);
    make(layout.registryBackup);
    expect(readBackup(layout)).toBeUndefined();
  });

  test("is the registry of the last change", () => {
    using scratch = openScratch();
    const layout = layoutIn(scratch);
    const registry: RegistryFile = { ...EMPTY, revision: 7, peers: [rowOf(layout, "a")] };
    writeRegistry(layout, registry);
    expect(readBackup(layout)).toEqual(registry);
  });
});
