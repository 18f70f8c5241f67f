import { describe, expect, test } from "bun:test";
import { layoutFrom } from "../../src/core/layout.ts";
import { snapshotOf } from "../../src/registry/snapshot.ts";
import { errorOf } from "../support/scratch.ts";

const LAYOUT = layoutFrom({ IAPEER_ROOT: "/nowhere/root", HOME: "/nowhere", IAPEER_TEST_SANDBOX: "1" });
const ROW = { personality: "alpha", cwd: "/alpha" };
const registry = snapshotOf({ version: 2, revision: 7, peers: [{ ...ROW, personality: "beta", cwd: "/beta" }, ROW] }, LAYOUT);

describe("a registry that was read", () => {
  test("gives its peers in its order, and each by its name", () => {
    expect(registry.peers.map(({ personality }) => personality)).toEqual(["beta", "alpha"]);
    expect(registry.find("alpha")).toMatchObject({ personality: "alpha", defaultRuntime: "claude" });
    expect(registry.require("beta").cwd).toBe("/beta");
    expect(registry.find("gamma")).toBeUndefined();
  });

  test("says that a peer is missing with the nearest name", () => {
    expect(errorOf(() => registry.require("alhpa"))).toMatchObject({ code: "peer-not-found", hint: "did you mean alpha?" });
  });

  test.each([undefined, 7])("may be asked for the revision %p", (expected) => {
    expect(() => registry.requireRevision(expected)).not.toThrow();
  });

  test("refuses another revision", () => {
    expect(errorOf(() => registry.requireRevision(6))).toMatchObject({ code: "revision-conflict", details: { expected: 6 } });
  });

  test("has a copy without some of its peers, and stays as it is", () => {
    const rest = registry.without(new Set(["beta", "nobody"]));
    expect(rest.peers.map(({ personality }) => personality)).toEqual(["alpha"]);
    expect(rest).toMatchObject({ revision: 7 });
    expect(registry.peers).toHaveLength(2);
  });
});
