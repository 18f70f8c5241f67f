import { describe, expect, test } from "bun:test";
import { checkCard, checkRegistry, type RegistryRow, toPeer } from "../../src/registry/schema.ts";

const ROW = { personality: "a", cwd: "/a" };

describe("a registry is refused, with the place and the reason, when", () => {
  test.each<[string, unknown, string]>([
    ["it is null", null, "is not an object"],
    ["it is a list", [], "is not an object"],
    ["it has no peers", {}, "peers: is missing"],
    ["its peers are an object", { peers: {} }, "peers: is not a list"],
    ["its revision is a text", { revision: "1", peers: [] }, "revision: is not a whole number"],
    ["its revision is a fraction", { revision: 1.5, peers: [] }, "revision: is not a whole number"],
    ["its revision is negative", { revision: -1, peers: [] }, "revision: is not a whole number"],
    ["its version is another", { version: 3, peers: [] }, "has version 3"],
    ["a row is null", { peers: [null] }, "peers.0.is not an object"],
    ["a row has no name", { peers: [ROW, { cwd: "/b" }] }, "peers.1.personality: is missing"],
    ["a row's name is a path", { peers: [{ ...ROW, personality: "../a" }] }, "peers.0.personality: is not a peer's name"],
    ["a row has no folder", { peers: [{ personality: "a" }] }, "peers.0.cwd: is missing"],
    ["a folder is relative", { peers: [{ ...ROW, cwd: "a" }] }, "peers.0.cwd: is not an absolute path"],
    ["a folder has a NUL", { peers: [{ ...ROW, cwd: "/a\0" }] }, "peers.0.cwd: is not an absolute path"],
    ["a runtime is no name", { peers: [{ ...ROW, runtimes: ["x;y"] }] }, "peers.0.runtimes: is not a list of runtimes' names"],
    ["runtimes are a text", { peers: [{ ...ROW, runtimes: "claude" }] }, "peers.0.runtimes: is not a list of runtimes' names"],
    ["a description is a number", { peers: [{ ...ROW, description: 1 }] }, "peers.0.description: is not a text"],
    [
      "an intelligence is unknown",
      { peers: [{ ...ROW, intelligence: "alien" }] },
      "peers.0.intelligence: is not artificial, natural or absent",
    ],
    ["two rows have one name", { peers: [ROW, { ...ROW, cwd: "/b" }] }, "has two rows for a"],
  ])("%s", (_, json, why) => {
    const checked = checkRegistry(json);
    expect(checked.ok ? "accepted" : checked.why).toContain(why);
  });
});

describe("a registry", () => {
  test("has version 2 and revision 0 where they are missing, and keeps every field", () => {
    const json = { host: { x: 1 }, peers: [{ ...ROW, y: [2] }] };
    expect(checkRegistry(json)).toEqual({ ok: true, value: { version: 2, revision: 0, ...json } });
  });

  test("reads no field from the prototype", () => {
    const checked = checkRegistry(Object.create({ peers: [] }));
    expect(checked.ok).toBe(false);
  });
});

describe("a card", () => {
  test.each<[unknown, boolean]>([
    [{ personality: "a" }, true],
    [{ personality: "a", cwd: 7, unknown: null }, true],
    [{ personality: "a", removed: "2026-01-01T00:00:00.000Z" }, true],
    [{ personality: "a", removed: true }, false],
    [{}, false],
    ["a", false],
  ])("%j: %p", (json, isCard) => {
    expect(checkCard(json).ok).toBe(isCard);
  });
});

describe("a peer's defaults:", () => {
  test.each<[string, Partial<RegistryRow>, object]>([
    [
      "a bare row",
      {},
      { defaultRuntime: "claude", runtimes: ["claude"], description: "", intelligence: "artificial", isBeingRemoved: false },
    ],
    ["the older field runtime", { runtime: "codex" }, { defaultRuntime: "codex", runtimes: ["codex"] }],
    [
      "default_runtime over runtime",
      { runtime: "codex", default_runtime: "claude" },
      { defaultRuntime: "claude", runtimes: ["claude"] },
    ],
    ["the first of the runtimes", { runtimes: ["codex", "claude"] }, { defaultRuntime: "codex", runtimes: ["codex", "claude"] }],
    [
      "a default that the runtimes lack comes first",
      { default_runtime: "claude", runtimes: ["codex"] },
      { defaultRuntime: "claude", runtimes: ["claude", "codex"] },
    ],
    ["the intelligence that goes with the runtime", { runtime: "telegram" }, { intelligence: "natural" }],
    ["a row that is being removed", { removing: "2026-01-01T00:00:00.000Z" }, { isBeingRemoved: true }],
    ["the last active runtime", { last_active_runtime: "codex" }, { lastActiveRuntime: "codex" }],
  ])("%s", (_, more, expected) => {
    expect(toPeer({ ...ROW, ...more })).toMatchObject(expected);
  });
});
