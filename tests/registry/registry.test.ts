import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import type { Layout } from "../../src/core/layout.ts";
import { withRow } from "../../src/registry/edits.ts";
import { followRegistry, readRegistry, registerPeers, registrationCheck } from "../../src/registry/registry.ts";
import { changeRegistry } from "../../src/registry/store.ts";
import { AT_ONCE, layoutIn, rowOf } from "../support/registry.ts";
import { errorOf, openScratch, rejectionOf } from "../support/scratch.ts";

const asked = (layout: Layout, personality: string, cwd?: string) => ({
  personality,
  cwd: cwd ?? `${layout.peersFolder}/${personality}`,
  hasOwnFolder: cwd !== undefined,
  runtimes: ["claude"],
});
const cardOf = (folder: string) => `${folder}/.iapeer/peer-profile.json`;
const namesIn = (layout: Layout) => readRegistry(layout).peers.map(({ personality }) => personality);

describe("many peers at once", () => {
  test("are registered with one write, which moves the revision on by one for each", async () => {
    using scratch = openScratch();
    const layout = layoutIn(scratch);
    await registerPeers(layout, AT_ONCE, [asked(layout, "a")]);
    const registered = await registerPeers(layout, AT_ONCE, [
      asked(layout, "zoe"),
      asked(layout, "a"),
      asked(layout, "b", scratch.at("own")),
    ]);
    expect(registered).toMatchObject([
      { action: "added", newRuntimes: ["claude"], revision: 2 },
      { action: "unchanged", newRuntimes: [], revision: 2 },
      { action: "added", revision: 3 },
    ]);
    expect(readRegistry(layout).revision).toBe(3);
    expect(namesIn(layout)).toEqual(["a", "b", "zoe"]);
    expect(existsSync(cardOf(scratch.at("own")))).toBe(true);
  });

  test("write nothing where all of them are registered", async () => {
    using scratch = openScratch();
    const layout = layoutIn(scratch);
    await registerPeers(layout, AT_ONCE, [asked(layout, "a"), asked(layout, "b")]);
    const { ino } = statSync(layout.registry);
    await registerPeers(layout, AT_ONCE, [asked(layout, "a"), asked(layout, "b")]);
    expect(statSync(layout.registry).ino).toBe(ino);
  });

  test("one that cannot be registered keeps none of the others back", async () => {
    using scratch = openScratch();
    const layout = layoutIn(scratch);
    writeFileSync(scratch.at("file"), "");
    mkdirSync(scratch.at("shared"));
    symlinkSync(scratch.at("shared"), scratch.at("link"));
    await changeRegistry(layout, AT_ONCE, (file) => withRow(file, rowOf(layout, "leaving", { removing: "2026-01-01" })));
    const registered = await registerPeers(layout, AT_ONCE, [
      asked(layout, "a", scratch.at("shared")),
      asked(layout, "b", scratch.at("link")),
      asked(layout, "c", scratch.at("file")),
      asked(layout, "leaving"),
      asked(layout, "d"),
    ]);
    expect(registered.map((one) => (one.action === "failed" ? (one.error as { code: string }).code : one.action))).toEqual([
      "added",
      "folder-taken",
      "invalid-value",
      "peer-being-removed",
      "added",
    ]);
    expect(namesIn(layout)).toEqual(["a", "d", "leaving"]);
  });

  test("leave nothing when the registry cannot be written: no folder, no card, and the cards that were there", async () => {
    using scratch = openScratch();
    const layout = layoutIn(scratch);
    await registerPeers(layout, AT_ONCE, [asked(layout, "old")]);
    const card = readFileSync(cardOf(`${layout.peersFolder}/old`), "utf8");
    // Its place is taken by what no file replaces.
    const failing = registerPeers({ ...layout, registryBackup: `${layout.root}/missing/backup.json` }, AT_ONCE, [
      { ...asked(layout, "old"), runtimes: ["codex"] },
      asked(layout, "a"),
      asked(layout, "b", scratch.at("own")),
    ]);
    expect((await rejectionOf(failing)).code).toBe("write-failed");
    expect(namesIn(layout)).toEqual(["old"]);
    expect(readFileSync(cardOf(`${layout.peersFolder}/old`), "utf8")).toBe(card);
    expect([`${layout.peersFolder}/a`, scratch.at("own")].filter((folder) => existsSync(folder))).toEqual([]);
  });
});

test("a check of registrations refuses what registering would, and makes nothing", async () => {
  using scratch = openScratch();
  const layout = layoutIn(scratch);
  mkdirSync(scratch.at("own"));
  await registerPeers(layout, AT_ONCE, [asked(layout, "a", scratch.at("own"))]);
  const check = registrationCheck(layout, readRegistry(layout));
  expect(errorOf(() => check(asked(layout, "b", scratch.at("own")))).code).toBe("folder-taken");
  expect(errorOf(() => check(asked(layout, "a", scratch.at("other")))).code).toBe("peer-conflict");
  check(asked(layout, "b", scratch.at("other")));
  check(asked(layout, "c", scratch.at("other")));
  expect(existsSync(scratch.at("other"))).toBe(false);
});

test("a registry that is followed is read again when another has taken its place, and only then", async () => {
  using scratch = openScratch();
  const layout = layoutIn(scratch);
  const current = followRegistry(layout);
  expect(current().peers).toEqual([]);
  await registerPeers(layout, AT_ONCE, [asked(layout, "a")]);
  const first = current();
  expect(first.revision).toBe(1);
  expect([first.find("a")?.defaultRuntime, first.find("b")]).toEqual(["claude", undefined]);
  expect(current()).toBe(first);
  await registerPeers(layout, AT_ONCE, [asked(layout, "b")]);
  expect(current().peers).toHaveLength(2);
  writeFileSync(layout.registry, "torn");
  expect(errorOf(current).code).toBe("registry-corrupt");
});
