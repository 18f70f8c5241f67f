import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { checkSlot } from "../../../src/status/slot/slot-schema.ts";

const IDENTITY = { provider: "iapeer-memory", package: "@x/iapeer-memory", version: "0.2.7" };
const BLOCK = { command: "/abs/bin", args: ["provision-peer", "--cwd", "{cwd}", "--runtime={runtime}"] };
const BOTH = { ...IDENTITY, provision: BLOCK, unprovision: { command: "/abs/bin", args: [] } };

/** "code at path", errors with a "!". */
function problemsOf(json: unknown): string[] {
  return checkSlot(json).problems.map(
    ({ code, path, severity }) => `${severity === "error" ? "!" : ""}${code} at ${path.join(".")}`,
  );
}

test("the contract's own example is a slot; its plugin stands beside a command and is said to be ignored", () => {
  const whole = {
    ...BOTH,
    registeredAt: "2026-06-11T17:46:41Z",
    heartbeat: "/abs/file",
    plugin: { name: "n", marketplace: "m", marketplaceRef: "o/r" },
  };
  expect(checkSlot(whole).slot).toEqual(whole);
  expect(problemsOf(whole)).toEqual(["plugin-ignored at plugin"]);
});

test("a declaration that is right has no problems", () => {
  expect(checkSlot(BOTH)).toEqual({ slot: BOTH, problems: [] });
});

test.each<[string, object, string[]]>([
  ["no provider", { provider: undefined }, ["!missing-field at provider"]],
  ["an empty version", { version: "" }, ["!empty-string at version"]],
  ["a package that is a number", { package: 7 }, ["!wrong-type at package"]],
  ["a provider of null", { provider: null }, ["!wrong-type at provider"]],
  [
    "all three wrong",
    { provider: "", package: [], version: undefined },
    ["!empty-string at provider", "!wrong-type at package", "!missing-field at version"],
  ],
])("%s makes the slot empty, and each problem is told", (_, change, problems) => {
  const json = JSON.parse(JSON.stringify({ ...BOTH, ...change })) as unknown;
  expect(checkSlot(json).slot).toBeUndefined();
  expect(problemsOf(json).toSorted()).toEqual(problems.toSorted());
});

test.each<[string, unknown, string[]]>([
  ["without args", { command: "/b" }, ["!missing-field at provision.args"]],
  ["without a command", { args: [] }, ["!missing-field at provision.command"]],
  ["with a relative command", { command: "b", args: [] }, ["!not-absolute at provision.command"]],
  [
    "with an empty command",
    { command: "", args: [] },
    ["!empty-string at provision.command", "!not-absolute at provision.command"],
  ],
  ["with args that are a string", { command: "/b", args: "x" }, ["!wrong-type at provision.args"]],
  ["with an arg that is a number", { command: "/b", args: ["x", 1] }, ["!wrong-type at provision.args.1"]],
  ["with an arg of null", { command: "/b", args: [null] }, ["!wrong-type at provision.args.0"]],
  ["of null", null, ["!wrong-type at provision"]],
  ["that is a string", "/b", ["!wrong-type at provision"]],
  ["that is an array", [], ["!missing-field at provision.command", "!missing-field at provision.args"]],
])("a provision block %s is absent and leaves the declaration valid", (_, provision, problems) => {
  const checked = checkSlot({ ...BOTH, provision });
  expect(checked.slot).toEqual({ ...IDENTITY, unprovision: BOTH.unprovision });
  const found = problemsOf({ ...BOTH, provision });
  expect(found.length).toBeGreaterThan(0);
  for (const problem of found) expect(problems).toContain(problem);
});

test.each<[string, object, string[]]>([
  ["a field nobody knows", { ...BOTH, provison: {} }, ["unknown-field at provison"]],
  [
    "a word that nothing replaces",
    { ...BOTH, unprovision: { command: "/b", args: ["{cwd}{home}", "{Cwd}{}"] } },
    ["unknown-placeholder at unprovision.args.0"],
  ],
  ["nothing to run", IDENTITY, ["nothing-to-run at "]],
  ["no way back", { ...IDENTITY, provision: BLOCK }, ["no-way-back at "]],
  ["a relative heartbeat", { ...BOTH, heartbeat: "beat" }, ["!not-absolute at heartbeat"]],
  ["a plugin without marketplace", { ...IDENTITY, plugin: { name: "n" } }, ["!missing-field at plugin.marketplace"]],
])("%s is told, and the slot stays", (_, json, problems) => {
  expect(checkSlot(json).slot).toMatchObject(IDENTITY);
  expect(problemsOf(json)).toEqual(problems);
});

test.each([[null], [[]], ["x"], [7], [true], [undefined]])("%p is no declaration", (json) => {
  expect(checkSlot(json)).toMatchObject({ slot: undefined, problems: [{ code: "not-an-object", severity: "error" }] });
});

describe("whatever JSON there is", () => {
  const keys = fc.constantFrom(
    "provider",
    "package",
    "version",
    "provision",
    "unprovision",
    "plugin",
    "heartbeat",
    "command",
    "args",
    "name",
    "x",
  );
  const { json } = fc.letrec((tie) => ({
    json: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom("/a", "{cwd}", "", null, 1, true),
      fc.array(tie("json"), { maxLength: 3 }),
      fc.dictionary(keys, tie("json"), { maxKeys: 6 }),
    ),
  }));

  test("is judged without a throw, and what counts as a slot has what the contract asks for", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          json,
          json.map((part) => ({ ...BOTH, ...(part as object) })),
        ),
        (value) => {
          const { slot, problems } = checkSlot(value);
          if (slot === undefined) expect(problems.some(({ severity }) => severity === "error")).toBe(true);
          for (const text of [slot?.provider, slot?.package, slot?.version]) expect(text === undefined || text !== "").toBe(true);
          for (const block of [slot?.provision, slot?.unprovision]) {
            if (block === undefined) continue;
            expect(block.command).toStartWith("/");
            expect(block.args.every((argument) => typeof argument === "string")).toBe(true);
          }
        },
      ),
      { numRuns: 400 },
    );
  });
});
