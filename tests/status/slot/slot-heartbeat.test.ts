import { expect, test } from "bun:test";
import { symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { heartbeatAgeSecs } from "../../../src/status/slot/slot-heartbeat.ts";
import { openScratch } from "../../support/scratch.ts";

const NOW = new Date("2026-01-01T12:00:00Z");

test.each([
  ["just now", 0, 0],
  ["not quite two seconds ago", -1.9, 1],
  ["a day ago", -86_400, 86_400],
  ["in an hour, by a clock that was set back", 3600, 0],
])("a heart that beat %s", (_, secs, age) => {
  using scratch = openScratch();
  writeFileSync(scratch.at("beat"), "");
  const time = NOW.getTime() / 1000 + secs;
  utimesSync(scratch.at("beat"), time, time);
  expect(heartbeatAgeSecs(scratch.at("beat"), NOW)).toBe(age);
});

test("a heartbeat that is not there, or that no path can name, has no age and is no error", () => {
  using scratch = openScratch();
  symlinkSync("loop", scratch.at("loop"));
  for (const path of [scratch.at("gone"), scratch.at("loop"), "/etc/passwd/x", `/${"x".repeat(300)}`, "/tmp/a\0b"])
    expect(heartbeatAgeSecs(path, NOW)).toBeUndefined();
});
