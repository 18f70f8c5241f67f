import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { type Layout, layoutFrom } from "../../../src/core/layout.ts";
import { explainProblems, heartbeatAgeSecs, readSlot, readSlotFile } from "../../../src/status/slot/slot.ts";
import { locate } from "../../../src/status/slot/slot-location.ts";
import { openScratch, type Scratch } from "../../support/scratch.ts";

const SLOT = {
  provider: "mem",
  package: "@x/mem",
  version: "1",
  provision: { command: "/bin/true", args: [] },
  unprovision: { command: "/bin/true", args: [] },
};

let scratch: Scratch;
let layout: Layout;
beforeEach(() => {
  scratch = openScratch();
  layout = layoutFrom({ IAPEER_ROOT: scratch.at("root"), IAPEER_TEST_SANDBOX: "1" });
  mkdirSync(layout.root, { mode: 0o700 });
});
afterEach(() => scratch[Symbol.dispose]());

function write(content: string | Uint8Array = JSON.stringify(SLOT), mode = 0o600): void {
  writeFileSync(layout.slot, content);
  chmodSync(layout.slot, mode);
}

test("a slot that only we can write is obeyed", () => {
  write();
  expect(readSlot(layout)).toMatchObject({ slot: SLOT, problems: [], path: layout.slot });
});

test("no file is an empty slot without a problem, and so is no root", () => {
  expect(readSlot(layout)).toEqual({ path: layout.slot, slot: undefined, problems: [], isMissing: true });
  rmSync(layout.root, { recursive: true });
  expect(readSlot(layout)).toMatchObject({ slot: undefined, problems: [] });
});

test.each<[string, () => void, string]>([
  ["a file that the group may write", () => write(undefined, 0o620), "slot-insecure"],
  ["a file that all may write", () => write(undefined, 0o602), "slot-insecure"],
  ["a file in a root that others may write", () => (write(), chmodSync(layout.root, 0o777)), "slot-insecure"],
  ["a file in a root with a sticky bit that others may write", () => (write(), chmodSync(layout.root, 0o1777)), "slot-insecure"],
  [
    "a link",
    () => (
      writeFileSync(scratch.at("real"), JSON.stringify(SLOT), { mode: 0o600 }),
      symlinkSync(scratch.at("real"), layout.slot)
    ),
    "unreadable",
  ],
  ["a link that leads nowhere", () => symlinkSync(scratch.at("gone"), layout.slot), "unreadable"],
  ["a link to itself", () => symlinkSync(layout.slot, layout.slot), "unreadable"],
  ["a folder", () => mkdirSync(layout.slot), "unreadable"],
  ["a FIFO", () => Bun.spawnSync(["mkfifo", "-m", "600", layout.slot]), "unreadable"],
  ["a device that never ends", () => symlinkSync("/dev/zero", layout.slot), "unreadable"],
  ["6 GB of nothing", () => (write(""), truncateSync(layout.slot, 6e9)), "unreadable"],
  ["an empty file", () => write(""), "not-json"],
  ["half a file", () => write(JSON.stringify(SLOT).slice(0, 40)), "not-json"],
  ["a byte order mark", () => write(`\uFEFF${JSON.stringify(SLOT)}`), "not-json"],
  ["a NUL at the end", () => write(`${JSON.stringify(SLOT)}\0`), "not-json"],
  ["bytes that are no UTF-8", () => write(new Uint8Array([0x7b, 0xff, 0x7d])), "not-json"],
  ["a key that is there twice", () => write(`{"provider":"a",${JSON.stringify(SLOT).slice(1)}`), "not-json"],
  ["__proto__", () => write(`{"__proto__":{},${JSON.stringify(SLOT).slice(1)}`), "not-json"],
  ["brackets without end", () => write("[".repeat(500_000)), "not-json"],
  ["brackets deeper than a stack", () => write("[".repeat(400_000) + "]".repeat(400_000)), "not-json"],
])("%s is not obeyed, and the slot says why", (_, make, code) => {
  make();
  const reading = readSlot(layout);
  expect(reading.slot).toBeUndefined();
  expect(reading.problems).toMatchObject([{ code, severity: "error" }]);
  expect(locate(reading.problems[0]!, layout.slot, reading.text ?? "").line).toBeGreaterThan(0);
});

test.if(process.getuid!() === 0)("a file of somebody else's is not obeyed", async () => {
  write();
  const { chownSync } = await import("node:fs");
  chownSync(layout.slot, 12_345, 12_345);
  expect(readSlot(layout)).toMatchObject({ slot: undefined, problems: [{ code: "slot-insecure" }] });
});

describe("whatever bytes there are", () => {
  test("reading never throws, and where nothing is wrong there is a slot", () => {
    const folder = mkdtempSync(scratch.at("fuzz-"));
    const path = `${folder}/slot`;
    const text = JSON.stringify(SLOT);
    const damaged = fc
      .tuple(fc.nat(text.length), fc.nat(5), fc.string({ maxLength: 4 }))
      .map(([at, cut, put]) => text.slice(0, at) + put + text.slice(at + cut));
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      damaged.map((one) => Buffer.from(one)),
      fc.json().map((one) => Buffer.from(one)),
    );
    fc.assert(
      fc.property(bytes, (content) => {
        writeFileSync(path, content, { mode: 0o600 });
        const { slot, problems, text: found } = readSlotFile(path);
        if (slot === undefined) expect(problems.length).toBeGreaterThan(0);
        for (const problem of problems) expect(locate(problem, path, found ?? "").column).toBeGreaterThan(0);
      }),
      { numRuns: 400 },
    );
  });
});

test("a command that could not be run now is told with its place", async () => {
  const gone = { command: scratch.at("gone"), args: [] };
  expect(await explainProblems({ path: "/slot", slot: { ...SLOT, provision: gone }, problems: [] }, process.env)).toEqual([
    {
      code: "command-not-executable",
      message: `${gone.command} does not exist`,
      path: ["provision", "command"],
      severity: "error",
      location: { file: "/slot", line: 1, column: 1 },
    },
  ]);
  expect(await explainProblems({ path: "/slot", slot: SLOT, problems: [] }, process.env)).toEqual([]);
});

const NOW = new Date("2026-01-01T12:00:00Z");

test.each([
  ["just now", 0, 0],
  ["not quite two seconds ago", -1.9, 1],
  ["a day ago", -86_400, 86_400],
  ["in an hour, by a clock that was set back", 3600, 0],
])("a heart that beat %s", (_, secs, age) => {
  writeFileSync(scratch.at("beat"), "");
  const time = NOW.getTime() / 1000 + secs;
  utimesSync(scratch.at("beat"), time, time);
  expect(heartbeatAgeSecs(scratch.at("beat"), NOW)).toBe(age);
});

test("a heartbeat that is not there, or that no path can name, has no age and is no error", () => {
  symlinkSync("loop", scratch.at("loop"));
  for (const path of [scratch.at("gone"), scratch.at("loop"), "/etc/passwd/x", `/${"x".repeat(300)}`, "/tmp/a\0b"])
    expect(heartbeatAgeSecs(path, NOW)).toBeUndefined();
});
