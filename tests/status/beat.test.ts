import { describe, expect, test } from "bun:test";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { layoutFrom } from "../../src/core/layout.ts";
import { stampBeat } from "../../src/launch/heartbeat/heartbeat.ts";
import { type Beat, beatAgeSecs, beatPath, readBeat } from "../../src/status/beat.ts";
import { openSandbox } from "../support/sandbox.ts";

const NOW = new Date("2026-03-01T12:00:00.000Z");
const BEAT: Beat = { version: 1, ts: "2026-03-01T11:59:00.000Z", boot_id: "b1", uptime_secs: 1000 };

describe("the age of a heartbeat", () => {
  test.each<[string, Partial<Beat>, string, number | undefined, number | undefined]>([
    ["in the same boot, by the time since then", {}, "b1", 1010.9, 10],
    ["in the same boot, when the clock was set back by a day", { ts: "2026-03-02T12:00:00.000Z" }, "b1", 1010, 10],
    ["in the same boot, when the clock was set forward by a day", { ts: "2026-02-28T12:00:00.000Z" }, "b1", 1010, 10],
    ["in another boot, by the clock", {}, "b2", 5, 60],
    ["in another boot, from the future: none", { ts: "2026-03-01T12:00:01.000Z" }, "b2", 5, undefined],
    ["in a boot that is not told, by the clock", { boot_id: "" }, "", 5, 60],
    ["without a time since the boot, by the clock", { uptime_secs: null }, "b1", 5, 60],
    ["where there is none now", {}, "b1", undefined, 60],
    ["from before the boot began: none", {}, "b1", 999, undefined],
  ])("%s", (_, changed, bootId, uptimeSecs, age) => {
    expect(beatAgeSecs({ ...BEAT, ...changed }, { now: NOW, bootId, uptimeSecs })).toBe(age);
  });
});

test.each([
  ["a newer version", { ...BEAT, version: 2 }],
  ["no version", { ...BEAT, version: undefined }],
  ["no time", { ...BEAT, ts: "yesterday" }],
  ["a time that is a number", { ...BEAT, ts: 5 }],
  ["a boot that is no text", { ...BEAT, boot_id: 1 }],
  ["an uptime that is text", { ...BEAT, uptime_secs: "5" }],
  ["no object", null],
  ["a list", []],
])("a stamp with %s is none", (_, value) => {
  using sandbox = openSandbox();
  const layout = layoutFrom(sandbox.env);
  const read = (stamp: unknown) => {
    sandbox.write(beatPath(layout, "claude-bob"), JSON.stringify(stamp));
    return readBeat(layout, "claude-bob", NOW);
  };
  expect(read(BEAT)).toEqual({ ageSecs: 60 });
  expect(read(value)).toBeUndefined();
});

test("what was stamped is read, and what cannot be read is none", () => {
  using sandbox = openSandbox();
  const layout = layoutFrom(sandbox.env);
  const now = new Date();
  expect(readBeat(layout, "claude-bob", now)).toBeUndefined();
  stampBeat(layout, "claude-bob", now);
  expect(readBeat(layout, "claude-bob", now)).toEqual({ ageSecs: 0 });
  sandbox.write(beatPath(layout, "claude-torn"), '{"version": 1, "ts"');
  sandbox.write(beatPath(layout, "claude-open"), JSON.stringify(BEAT), 0o666);
  symlinkSync(beatPath(layout, "claude-bob"), beatPath(layout, "claude-link"));
  mkdirSync(join(layout.stateFolder, "claude-folder.beat"));
  for (const identity of ["claude-torn", "claude-open", "claude-link", "claude-folder"])
    expect([identity, readBeat(layout, identity, now)]).toEqual([identity, undefined]);
});
