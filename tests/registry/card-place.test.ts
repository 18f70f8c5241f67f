// A card that travels: folders that were copied, cloned, moved or are shared.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { type Layout, sharedCardPath } from "../../src/core/layout.ts";
import { readCard, readCardAt } from "../../src/registry/cards.ts";
import {
  dropPeer,
  markRemoving,
  movePeer,
  readRegistry,
  registerPeer,
  updatePeer,
  verifyRegistry,
} from "../../src/registry/registry.ts";
import { AT_ONCE, layoutIn } from "../support/registry.ts";
import { openScratch, rejectionOf, type Scratch } from "../support/scratch.ts";

const NOW = new Date("2026-01-02T03:04:05.678Z");

let scratch: Scratch;
let layout: Layout;
beforeEach(() => {
  scratch = openScratch();
  layout = layoutIn(scratch);
});
afterEach(() => scratch[Symbol.dispose]());

const register = async (personality: string, folder: string, more: { isFolderShared?: boolean; description?: string } = {}) =>
  await registerPeer(layout, AT_ONCE, { personality, cwd: scratch.at(folder), hasOwnFolder: true, ...more });

const ignoreOf = (folder: string) => scratch.at(folder, ".iapeer", ".gitignore");
const differencesNow = () => verifyRegistry(layout).differences;

/** Registers alice in a folder, and copies that folder. */
async function copyAlice(to: string): Promise<void> {
  await register("alice", "app", { description: "the first" });
  cpSync(scratch.at("app"), scratch.at(to), { recursive: true });
}

describe("a copy of another peer's folder", () => {
  test("is no obstacle: its card is told as a copy, and replaced; the peer it is of keeps its own", async () => {
    await copyAlice("copy");
    const { peer, cardNote } = await register("bob", "copy");
    expect(peer).toMatchObject({ personality: "bob", description: "", cwd: scratch.at("copy") });
    expect(cardNote).toBe(
      `the card in ${scratch.at("copy")} came with the folder and was a copy of alice's, whose folder is ${scratch.at("app")}; the folder is bob's now`,
    );
    expect(readCard(scratch.at("copy"))).toMatchObject({ personality: "bob" });
    expect(readCard(scratch.at("app"))).toMatchObject({ personality: "alice", description: "the first" });
    expect(differencesNow()).toEqual([]);
    expect((await register("bob", "copy")).cardNote).toBeUndefined();
  });

  test("is not the folder of the peer that it was copied from", async () => {
    await copyAlice("copy");
    expect((await rejectionOf(register("alice", "copy"))).code).toBe("peer-conflict");
  });

  test("that a registered peer's folder became says nothing about that peer", async () => {
    await copyAlice("copy");
    await register("bob", "own", { description: "mine" });
    rmSync(scratch.at("own"), { recursive: true });
    cpSync(scratch.at("app"), scratch.at("own"), { recursive: true });
    expect(differencesNow()).toMatchObject([{ personality: "bob", kind: "card-copied", isFixable: true }]);
    const { peer, cardNote } = await updatePeer(layout, AT_ONCE, "bob", { addRuntimes: ["codex"] });
    expect(peer).toMatchObject({ description: "mine", runtimes: ["claude", "codex"] });
    expect(cardNote).toContain("a copy of alice's");
    expect(differencesNow()).toEqual([]);
  });

  test("is left alone when a peer is moved there and the registry cannot be written", async () => {
    await copyAlice("copy");
    await register("bob", "own");
    const broken = { ...layout, registryBackup: `${layout.root}/missing/backup.json` };
    const move = { personality: "bob", cwd: scratch.at("copy"), isFolderShared: false, now: NOW };
    expect((await rejectionOf(movePeer(broken, AT_ONCE, move))).code).toBe("write-failed");
    expect(readCard(scratch.at("copy"))).toMatchObject({ personality: "alice" });
    expect(readCard(scratch.at("own"))).not.toHaveProperty("removed");
  });
});

test("the card of a peer that no registry knows is kept beside, and found again by that peer", async () => {
  await copyAlice("clone");
  rmSync(layout.registry);
  rmSync(layout.registryBackup);
  const { cardNote } = await register("bob", "clone");
  const aside = sharedCardPath(scratch.at("clone"), "alice");
  expect(cardNote).toContain(`of alice, which is no peer of this registry; it is kept as ${aside}`);
  expect(readCardAt(aside)).toMatchObject({ personality: "alice", description: "the first" });
  const { peer } = await register("alice", "clone", { isFolderShared: true });
  expect(peer).toMatchObject({ description: "the first" });
  expect(readRegistry(layout).peers.map(({ personality }) => personality)).toEqual(["alice", "bob"]);
});

test("a folder that was moved away from its peer is still that peer's, and the error says so", async () => {
  await register("alice", "app");
  renameSync(scratch.at("app"), scratch.at("moved"));
  const error = await rejectionOf(register("bob", "moved"));
  expect(error).toMatchObject({ code: "folder-taken", hint: expect.stringContaining("iapeer remove alice") });
  expect(error.message).toContain(`has the card of alice, which is no longer in its own folder ${scratch.at("app")}`);
  mkdirSync(scratch.at("app"));
  expect((await rejectionOf(register("bob", "moved"))).code).toBe("folder-taken");
});

describe("a folder that peers share", () => {
  test("has a card for each: the first peer's in the folder's own place, and each further one's beside it", async () => {
    await register("alice", "app", { description: "A" });
    expect((await rejectionOf(register("bob", "app"))).code).toBe("folder-taken");
    await register("bob", "app", { isFolderShared: true, description: "B" });
    expect(readCard(scratch.at("app"))).toMatchObject({ personality: "alice", description: "A" });
    expect(readCardAt(sharedCardPath(scratch.at("app"), "bob"))).toMatchObject({ personality: "bob", description: "B" });
    expect(differencesNow()).toEqual([]);
    // Each is registered there already, so neither call has to say it again.
    expect((await register("alice", "app")).action).toBe("unchanged");
    expect((await register("bob", "app", { description: "B2" })).action).toBe("merged");
    expect(readCardAt(sharedCardPath(scratch.at("app"), "bob"))).toMatchObject({ description: "B2" });
  });

  test("goes on being the other's when one is removed", async () => {
    await register("alice", "app");
    await register("bob", "app", { isFolderShared: true });
    await markRemoving(layout, AT_ONCE, "alice", NOW);
    await dropPeer(layout, AT_ONCE, "alice", NOW);
    expect(readCard(scratch.at("app"))).toMatchObject({ personality: "alice", removed: NOW.toISOString() });
    await updatePeer(layout, AT_ONCE, "bob", { description: "still here" });
    expect(readCardAt(sharedCardPath(scratch.at("app"), "bob"))).toMatchObject({ description: "still here" });
    expect(differencesNow()).toEqual([]);
  });

  test("is copied with all its cards, and none of them is anybody's there", async () => {
    await register("alice", "app");
    await register("bob", "app", { isFolderShared: true });
    cpSync(scratch.at("app"), scratch.at("copy"), { recursive: true });
    await register("carol", "copy");
    expect(readCard(scratch.at("copy"))).toMatchObject({ personality: "carol" });
    expect(differencesNow()).toEqual([]);
  });
});

describe(".iapeer keeps itself out of git", () => {
  test("with a .gitignore of its own, unless there is one", async () => {
    await register("alice", "app");
    expect(readFileSync(ignoreOf("app"), "utf8")).toEndWith("\n*\n");
    mkdirSync(dirname(ignoreOf("own")), { recursive: true });
    writeFileSync(ignoreOf("own"), "!launch.env\n");
    await register("bob", "own");
    expect(readFileSync(ignoreOf("own"), "utf8")).toBe("!launch.env\n");
  });

  test("and leaves nothing behind where the registration fails", async () => {
    const broken = { ...layout, registryBackup: `${layout.root}/missing/backup.json` };
    const request = { personality: "alice", cwd: scratch.at("app"), hasOwnFolder: true };
    expect((await rejectionOf(registerPeer(broken, AT_ONCE, request))).code).toBe("write-failed");
    expect(existsSync(scratch.at("app"))).toBe(false);
  });

  test("for git itself: a clone of such a folder has no card", async () => {
    await register("alice", "app");
    const git = (...args: string[]) => {
      const { success, stdout, stderr } = Bun.spawnSync(["git", "-C", scratch.at("app"), ...args], {
        env: { PATH: process.env["PATH"], GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_SYSTEM: "/dev/null" },
      });
      if (!success) throw new Error(stderr.toString());
      return stdout.toString();
    };
    git("init", "--quiet");
    writeFileSync(scratch.at("app", "mine"), "");
    expect(git("status", "--porcelain", "--untracked-files=all")).toBe("?? mine\n");
    expect(readdirSync(scratch.at("app", ".iapeer")).toSorted()).toEqual([".gitignore", "peer-profile.json"]);
  });
});

test.each<[string, () => string, string]>([
  ["the root of the file system", () => "/", "the root of the file system"],
  ["the home", () => layout.home, "your home"],
  ["the root", () => layout.root, "the root of iapeer"],
  ["the folder of all peers", () => layout.peersFolder, "the folder of all peers' folders"],
  ["a folder of the state", () => `${layout.root}/state/iapeer/new`, "a folder of iapeer's own, "],
  ["the folder of the logs", () => `${layout.root}/logs`, "a folder of iapeer's own, "],
  ["the folder of the sockets", () => layout.socketFolder, "iapeer's folder of sockets"],
  ["a folder in a peer's state", () => scratch.at("app", ".iapeer", "runtimes"), "the state folder of the peer in "],
])("%s can never be a peer's folder", async (_, folder, why) => {
  await register("alice", "app");
  const failing = registerPeer(layout, AT_ONCE, { personality: "bob", cwd: folder(), hasOwnFolder: true, isFolderShared: true });
  const error = await rejectionOf(failing);
  expect(error.code).toBe("invalid-value");
  expect(error.message).toContain(`can be no peer's folder: it is ${why}`);
  expect(readRegistry(layout).peers).toHaveLength(1);
});
