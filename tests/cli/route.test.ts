import { describe, expect, test } from "bun:test";
import { createColors } from "../../src/cli/colors.ts";
import { parseWords } from "../../src/cli/route.ts";
import { rejectionOf } from "../support/scratch.ts";

const plain = createColors(false);

test.each([
  [["--root", "r", "list"], "list", {}],
  [["--root=r", "--json", "list"], "list", {}],
  [["--json", "provider", "check"], "provider check", {}],
  [["provider", "run", "birth", "--peer", "x"], "provider run", { occasion: "birth", peer: "x" }],
  [["deaths", "--peer", "x"], "deaths", { peer: "x" }],
  [["deaths", "show", "3f2a"], "deaths show", { id: "3f2a" }],
  [["ls"], "list", {}],
  [["--json", "ps"], "list", {}],
  [["logs", "x", "-f"], "tail", { personality: "x", follow: true }],
  [["start", "x"], "launch", { personality: "x" }],
  [["rm", "x", "y"], "remove", { personality: ["x", "y"] }],
  [["send", "x", "--", "-m"], "send", { personality: "x", text: "-m" }],
  [["show", "show"], "show", { personality: "show" }],
])("%j is a call of %s", async (words, name, args) => {
  expect(await parseWords(words, plain)).toMatchObject({ kind: "verb", verb: { meta: { name } }, call: { args } });
});

test("what stands before the command counts as what stands behind it", async () => {
  const request = await parseWords(["--root", "r", "--json", "list", "--runtime", "codex"], plain);
  expect(request).toMatchObject({ call: { root: "r", isJson: true, args: { runtime: "codex" } } });
});

describe("a page is the answer to", () => {
  test.each([
    [["help"], "iapeer"],
    [["--help"], "iapeer"],
    [["-h", "--json"], "iapeer"],
    [["help", "provider"], "iapeer provider"],
    [["provider", "-h"], "iapeer provider"],
    [["provider", "chek", "--help"], "iapeer provider"],
    [["help", "ls"], "iapeer list"],
    [["logs", "--help"], "iapeer tail"],
    [["help", "provider", "check"], "iapeer provider check"],
    [["help", "deaths"], "iapeer deaths"],
    [["help", "deaths", "show"], "iapeer deaths show"],
    [["--help", "add"], "iapeer add"],
    [["add", "-h", "stray", "stray"], "iapeer add"],
  ])("%j", async (words, name) => {
    const request = await parseWords(words, plain);
    expect(request).toMatchObject({ kind: "page", text: expect.stringMatching(new RegExp(`^USAGE ${name}( [[<a-z]|$)`, "m")) });
  });

  test.each([["--version"], ["-V"], ["version"]])("%s", async (word) => {
    expect(await parseWords([word], plain)).toMatchObject({ kind: "page", json: { version: expect.any(String) } });
  });
});

test.each([
  [["frobnicate"], "unknown-command", "see: iapeer --help"],
  [["frobnicate", "--help"], "unknown-command", "see: iapeer --help"],
  [["ad", "x"], "unknown-command", "did you mean iapeer add?"],
  [["provision", "exce"], "unknown-command", "did you mean iapeer provision exec?"],
  [["provisoin", "exce"], "unknown-command", "did you mean iapeer provision exec?"],
  [["provider", "frobnicate"], "unknown-command", "one of: provider check, provider run"],
  [["help", "lst"], "unknown-command", "did you mean iapeer list?"],
  [["help", "provider", "chek"], "unknown-command", "did you mean iapeer provider check?"],
  [["help", "list", "stray"], "usage", "see: iapeer list --help"],
  [["restart", "x"], "unknown-command", "that is two calls: iapeer stop <personality>, then iapeer launch <personality>"],
  [["top"], "unknown-command", "did you mean iapeer fleet ps --watch? without a fleet: iapeer list"],
  [["constructor"], "unknown-command", "see: iapeer --help"],
  [["provider"], "usage", "one of: provider check, provider run"],
  [["provider", "--json"], "usage", "one of: provider check, provider run"],
  [["--colour", "list"], "usage", "options of a command stand after it; see: iapeer --help"],
  [["--jsn", "list"], "usage", "did you mean --json?"],
  [["--json"], "usage", "see: iapeer --help"],
  [["version", "list"], "usage", undefined],
  [["list", "--version"], "usage", "see: iapeer list --help"],
  [["deaths", "shw"], "usage", "see: iapeer deaths --help"],
])("%j is refused: %s", async (words, code, hint) => {
  expect(await rejectionOf(parseWords(words, plain))).toMatchObject({ code: code as "usage", hint });
});
