import { describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { readForensics } from "../../../src/status/deaths/deaths.ts";
import { parseForensics } from "../../../src/status/deaths/forensics.ts";
import { errorOf, openScratch } from "../../support/scratch.ts";

const TEXT = `iapeer forensics 1
identity: claude-bob
reason: oom_kill went from 0 to 1
reason: a second one

== last lines ==
reason: this is what an agent printed

two

== memory counters ==
oom_kill 1
`;

test("its reasons are those of its head, its sections stand in its order", () => {
  expect(parseForensics(TEXT)).toEqual({
    reasons: ["oom_kill went from 0 to 1", "a second one"],
    sections: [
      { name: "last lines", text: "reason: this is what an agent printed\n\ntwo" },
      { name: "memory counters", text: "oom_kill 1" },
    ],
    text: TEXT,
  });
});

test.each([
  ["nothing", "", [], []],
  ["a head alone", "iapeer forensics 1\nreason: x", ["x"], []],
  ["a section without a line", "== last lines ==", [], [{ name: "last lines", text: "" }]],
  ["what is almost a title", "==  ==\n====\n== a==\n", [], []],
])("%s is read too", (_, text, reasons, sections) => {
  expect(parseForensics(text)).toEqual({ reasons, sections, text });
});

test("any text is read", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.string(), fc.constantFrom("== a ==", "reason: b", "")), { maxLength: 12 }), (lines) => {
      const text = lines.join("\n");
      expect(parseForensics(text).text).toBe(text);
    }),
  );
});

describe("a file", () => {
  test("that is there is read, one that is gone is undefined", () => {
    using scratch = openScratch();
    writeFileSync(scratch.at("f"), TEXT, { mode: 0o600 });
    expect(readForensics(scratch.at("f"))?.reasons).toHaveLength(2);
    expect(readForensics(scratch.at("gone"))).toBeUndefined();
  });

  test.each([
    ["is a folder", (path: string) => mkdirSync(path), /is a folder/],
    ["is a link", (path: string) => symlinkSync("/etc/passwd", path), /symbolic link/],
    [
      "is too large",
      (path: string) => writeFileSync(path, "x".repeat(1024 * 1024 + 1), { mode: 0o600 }),
      /more than the 1048576/,
    ],
    ["others may write", (path: string) => (writeFileSync(path, TEXT), chmodSync(path, 0o622)), /may be written by others/],
    ["is a FIFO", (path: string) => Bun.spawnSync(["mkfifo", path]), /is a FIFO/],
  ])("that %s is refused", (_, make, message) => {
    using scratch = openScratch();
    make(scratch.at("f"));
    const error = errorOf(() => readForensics(scratch.at("f")));
    expect(error.code).toBe("state-untrusted");
    expect(error.message).toMatch(message);
  });
});
