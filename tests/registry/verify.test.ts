import { describe, expect, test } from "bun:test";
import { existsSync, lstatSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Layout, cardPath } from "../../src/core/layout.ts";
import { readCard, renderCard, writeCard } from "../../src/registry/cards.ts";
import { markCardRemoved } from "../../src/registry/put-card.ts";
import { fixRegistry, verifyRegistry } from "../../src/registry/registry.ts";
import { readStored, writeRegistry } from "../../src/registry/store.ts";
import type { Difference } from "../../src/registry/types.ts";
import { AT_ONCE, layoutIn, rowOf } from "../support/registry.ts";
import { openScratch, rejectionOf } from "../support/scratch.ts";

const NOW = new Date("2026-01-02T03:04:05.678Z");
const KEPT = "peers-profiles.json.bad-2026-01-02T030405.678Z";

/** Peers a and b, registered and with their cards. */
function twoPeers(layout: Layout): void {
  const peers = [rowOf(layout, "a", { description: "A" }), rowOf(layout, "b", { interfaces: { voice: 1 } })];
  for (const row of peers) {
    mkdirSync(row.cwd, { recursive: true, mode: 0o700 });
    writeCard(row, cardPath(row.cwd), undefined);
  }
  writeRegistry(layout, { version: 2, revision: 5, peers, host: "kept" });
}

const folderOf = (layout: Layout, name: string) => join(layout.peersFolder, name);
const cardOf = (layout: Layout, name: string) => cardPath(folderOf(layout, name));

function putCard(layout: Layout, folder: string, card: object): void {
  const path = cardOf(layout, folder);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(path, JSON.stringify(card), { mode: 0o600 });
}

type Expected = Pick<Difference, "kind" | "personality" | "isFixable"> & { readonly says: string };

const DIFFERENCES: readonly (readonly [what: string, spoil: (layout: Layout) => void, expected: Expected])[] = [
  [
    "a registry that cannot be read",
    ({ registry }) => writeFileSync(registry, "{"),
    { kind: "registry-unreadable", personality: "", isFixable: true, says: "is not JSON" },
  ],
  [
    "a registry that is gone",
    ({ registry }) => rmSync(registry),
    { kind: "registry-unreadable", personality: "", isFixable: true, says: "backup holds 2 peers" },
  ],
  [
    "a missing card",
    (layout) => rmSync(cardOf(layout, "a")),
    { kind: "card-missing", personality: "a", isFixable: true, says: "peer-profile.json is missing" },
  ],
  [
    "a card that cannot be read",
    (layout) => writeFileSync(cardOf(layout, "a"), ""),
    { kind: "card-unreadable", personality: "a", isFixable: false, says: "is empty" },
  ],
  [
    "a card that says something else",
    (layout) => putCard(layout, "a", { personality: "a", description: "new", z: 1 }),
    { kind: "card-differs", personality: "a", isFixable: true, says: "description, z" },
  ],
  [
    "a missing folder",
    (layout) => rmSync(folderOf(layout, "a"), { recursive: true }),
    { kind: "folder-missing", personality: "a", isFixable: false, says: "is gone" },
  ],
  [
    "a card nobody registered",
    (layout) => putCard(layout, "c", { personality: "c" }),
    { kind: "not-registered", personality: "c", isFixable: true, says: "no such peer" },
  ],
  [
    "a folder with a copy of another peer's card",
    (layout) => putCard(layout, "a", { personality: "b", description: "a copy" }),
    { kind: "card-copied", personality: "a", isFixable: true, says: "is a copy of b's card, whose folder is " },
  ],
  [
    "a folder with the card of a peer that nobody knows",
    (layout) => putCard(layout, "a", { personality: "z" }),
    { kind: "folder-of-another", personality: "a", isFixable: false, says: "is the card of z, which is not registered" },
  ],
  [
    "a copy of a folder, of a peer that is no longer registered",
    (layout) => putCard(layout, "c", { personality: "z" }),
    { kind: "card-copied", personality: "z", isFixable: false, says: "has the card of z, which is not registered" },
  ],
];

describe("verify tells", () => {
  test.each(DIFFERENCES)("%s, and changes nothing", (_, spoil, { says, ...expected }) => {
    using scratch = openScratch();
    const layout = layoutIn(scratch);
    twoPeers(layout);
    spoil(layout);
    const before = existsSync(layout.registry) ? readFileSync(layout.registry, "utf8") : undefined;
    const { differences, fixed, kept } = verifyRegistry(layout);
    expect(differences).toMatchObject([expected]);
    expect(differences[0]!.message).toContain(says);
    expect({ fixed, kept }).toEqual({ fixed: 0, kept: undefined });
    expect(existsSync(layout.registry) ? readFileSync(layout.registry, "utf8") : undefined).toBe(before);
  });

  test.each<[string, (layout: Layout) => void]>([
    ["a registry and cards that agree", () => undefined],
    ["a card that says less", (layout) => putCard(layout, "a", { personality: "a" })],
    [
      "the card of a peer that was removed",
      (layout) => putCard(layout, "c", { personality: "c", removed: "2026-01-01T00:00:00.000Z" }),
    ],
    ["a folder without a card", (layout) => mkdirSync(folderOf(layout, "c"))],
    ["a root without peers", (layout) => rmSync(layout.root, { recursive: true })],
  ])("nothing of %s", (_, make) => {
    using scratch = openScratch();
    const layout = layoutIn(scratch);
    twoPeers(layout);
    make(layout);
    expect(verifyRegistry(layout)).toEqual({ differences: [], fixed: 0 });
  });
});

describe("verify --fix", () => {
  test.each(DIFFERENCES)("given %s: nothing it can mend is left, and no peer is lost", async (_, spoil, { isFixable }) => {
    using scratch = openScratch();
    const layout = layoutIn(scratch);
    twoPeers(layout);
    spoil(layout);
    const { differences, fixed } = await fixRegistry(layout, AT_ONCE, NOW);
    expect(differences).toHaveLength(1);
    expect(fixed).toBe(isFixable ? 1 : 0);
    expect(verifyRegistry(layout).differences).toHaveLength(isFixable ? 0 : 1);
    const names = readStored(layout).peers.map(({ personality }) => personality);
    expect(names).toEqual(expect.arrayContaining(["a", "b"]));
    expect(names).toEqual(names.toSorted());
    expect(readStored(layout)).toMatchObject({
      host: "kept",
      peers: [
        { cwd: folderOf(layout, "a") },
        { cwd: folderOf(layout, "b"), interfaces: { voice: 1 } },
        ...names.slice(2).map(() => ({})),
      ],
    });
  });

  test("has nothing to do where all agree: the revision stays", async () => {
    using scratch = openScratch();
    const layout = layoutIn(scratch);
    twoPeers(layout);
    expect(await fixRegistry(layout, AT_ONCE, NOW)).toEqual({ differences: [], fixed: 0 });
    expect(readStored(layout).revision).toBe(5);
  });

  test("restores from the backup, then from the cards, and keeps the bad file beside it", async () => {
    using scratch = openScratch();
    const layout = layoutIn(scratch);
    twoPeers(layout);
    putCard(layout, "a", { ...readCard(folderOf(layout, "a")), description: "newer" });
    putCard(layout, "c", { personality: "c", description: "only a card" });
    writeFileSync(layout.registry, "bad\0");
    const { kept, differences } = await fixRegistry(layout, AT_ONCE, NOW);
    expect(kept).toBe(join(layout.root, KEPT));
    expect(readFileSync(kept!, "utf8")).toBe("bad\0");
    expect(differences.map(({ kind }) => kind)).toEqual(["registry-unreadable", "card-differs", "not-registered"]);
    expect(readStored(layout)).toMatchObject({
      revision: 6,
      peers: [{ personality: "a", description: "newer" }, { personality: "b" }, { personality: "c", cwd: folderOf(layout, "c") }],
    });
    expect(readFileSync(layout.registryBackup, "utf8")).toBe(readFileSync(layout.registry, "utf8"));
  });

  test("restores from the cards alone where there is no good backup", async () => {
    using scratch = openScratch();
    const layout = layoutIn(scratch);
    twoPeers(layout);
    writeFileSync(layout.registry, "");
    writeFileSync(layout.registryBackup, "");
    await fixRegistry(layout, AT_ONCE, NOW);
    expect(readStored(layout).peers).toMatchObject([
      { personality: "a", description: "A" },
      { personality: "b", interfaces: { voice: 1 } },
    ]);
  });

  test.each<[string, (path: string) => void, (kept: string) => boolean]>([
    ["a link", (path) => symlinkSync("victim", path), (kept) => lstatSync(kept).isSymbolicLink()],
    ["a folder", (path) => mkdirSync(path), (kept) => lstatSync(kept).isDirectory()],
    ["a FIFO", (path) => void Bun.spawnSync(["mkfifo", path]), (kept) => lstatSync(kept).isFIFO()],
  ])("puts %s aside as it is", async (_, plant, isKept) => {
    using scratch = openScratch();
    const layout = layoutIn(scratch);
    twoPeers(layout);
    rmSync(layout.registry);
    plant(layout.registry);
    const { kept } = await fixRegistry(layout, AT_ONCE, NOW);
    expect(isKept(kept!)).toBe(true);
    expect(lstatSync(layout.registry).isFile()).toBe(true);
    expect(readStored(layout).peers).toHaveLength(2);
    expect(existsSync(join(layout.root, "victim"))).toBe(false);
  });

  test("never writes over a bad file that it kept before", async () => {
    using scratch = openScratch();
    const layout = layoutIn(scratch);
    twoPeers(layout);
    writeFileSync(layout.registry, "second");
    writeFileSync(join(layout.root, KEPT), "first");
    expect((await rejectionOf(fixRegistry(layout, AT_ONCE, NOW))).code).toBe("write-failed");
    expect(readFileSync(join(layout.root, KEPT), "utf8")).toBe("first");
    expect(readFileSync(layout.registry, "utf8")).toBe("second");
  });

  test("does not bring back a peer that was removed, whatever is left to restore from", async () => {
    using scratch = openScratch();
    const layout = layoutIn(scratch);
    twoPeers(layout);
    markCardRemoved({ personality: "a", cwd: folderOf(layout, "a") }, NOW);
    writeFileSync(layout.registry, "");
    writeFileSync(layout.registryBackup, "");
    await fixRegistry(layout, AT_ONCE, NOW);
    expect(readStored(layout).peers.map(({ personality }) => personality)).toEqual(["b"]);
  });

  test("leaves alone a peer that is being removed: its removal can go on", async () => {
    using scratch = openScratch();
    const layout = layoutIn(scratch);
    twoPeers(layout);
    const row = rowOf(layout, "a", { removing: NOW.toISOString() });
    writeRegistry(layout, { version: 2, revision: 6, peers: [row, rowOf(layout, "b", { interfaces: { voice: 1 } })] });
    markCardRemoved(row, NOW);
    writeFileSync(layout.registry, "");
    await fixRegistry(layout, AT_ONCE, NOW);
    expect(readStored(layout).peers[0]).toEqual(row);
  });

  test("is not led by a copy: the peer keeps what its own card says, and the copy's folder stays nobody's", async () => {
    using scratch = openScratch();
    const layout = layoutIn(scratch);
    twoPeers(layout);
    putCard(layout, "a", { personality: "b", description: "a copy" });
    putCard(layout, "c", { personality: "b", description: "another copy" });
    putCard(layout, "d", { personality: "z", description: "of a peer that went" });
    await fixRegistry(layout, AT_ONCE, NOW);
    expect(readStored(layout).peers).toMatchObject([
      { personality: "a", description: "A" },
      { personality: "b", description: "", interfaces: { voice: 1 }, cwd: folderOf(layout, "b") },
    ]);
    expect(readStored(layout).peers).toHaveLength(2);
    expect(readCard(folderOf(layout, "a"))).toMatchObject({ personality: "a", description: "A" });
    expect(readCard(folderOf(layout, "c"))).toMatchObject({ description: "another copy" });
  });

  test("registers one peer of two cards with its name: the one in the folder of that name", async () => {
    using scratch = openScratch();
    const layout = layoutIn(scratch);
    twoPeers(layout);
    for (const folder of ["a-copy", "c"]) putCard(layout, folder, { personality: "c", description: folder });
    await fixRegistry(layout, AT_ONCE, NOW);
    expect(readStored(layout).peers.slice(2)).toMatchObject([{ personality: "c", cwd: folderOf(layout, "c") }]);
  });

  test("a card that is written anew says what its row says, and not its folder", async () => {
    using scratch = openScratch();
    const layout = layoutIn(scratch);
    twoPeers(layout);
    const row = readStored(layout).peers[1]!;
    rmSync(cardOf(layout, "b"));
    await fixRegistry(layout, AT_ONCE, NOW);
    expect(readCard(folderOf(layout, "b"))).toEqual(renderCard(row, undefined));
    expect(readCard(folderOf(layout, "b"))).not.toHaveProperty("cwd");
  });
});
