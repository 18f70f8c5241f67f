import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { renderLogLine } from "../../src/core/logfmt.ts";
import { countRecentDeaths } from "../../src/status/recent-deaths.ts";
import { openScratch } from "../support/scratch.ts";

const NOW = new Date("2026-01-02T12:00:00.000Z");
const HOUR_MS = 60 * 60 * 1000;

function line(hoursAgo: number, ev = "server-exit", more = {}): string {
  return `${renderLogLine({ ts: new Date(NOW.getTime() - hoursAgo * HOUR_MS).toISOString(), ev, identity: "claude-a", ...more })}\n`;
}

test.each([
  ["nothing", "", 0],
  ["an end of an hour ago", line(1), 1],
  ["an end of exactly a day ago", line(24), 1],
  ["an end of more than a day ago", line(24.001), 0],
  ["ends of sessions and servers", line(2, "session-exit") + line(1), 2],
  ["what is no end", line(1, "canary-armed"), 0],
  ["a line that was cut short", line(2) + line(1).slice(0, 20), 1],
  ["a detail that looks like an end", line(1, "note", { detail: `x\nts=2026-01-02T11:00:00.000Z ev=server-exit` }), 0],
  ["a time that is none", "ts=soon ev=server-exit identity=claude-a\n", 0],
])("a log of %s", (_, text, count) => {
  using scratch = openScratch();
  writeFileSync(scratch.at("exits.log"), text);
  expect(countRecentDeaths(scratch.at("exits.log"), NOW)).toBe(count);
});

test("ends in logs that were rotated within the day count too", () => {
  using scratch = openScratch();
  writeFileSync(scratch.at("exits.log"), line(1));
  writeFileSync(scratch.at("exits.log.1"), line(5) + line(4));
  writeFileSync(scratch.at("exits.log.2"), line(30) + line(23));
  writeFileSync(scratch.at("exits.log.3"), line(40));
  expect(countRecentDeaths(scratch.at("exits.log"), NOW)).toBe(4);
});

test("a log that was rotated just now and is still empty hides none", () => {
  using scratch = openScratch();
  writeFileSync(scratch.at("exits.log"), "");
  writeFileSync(scratch.at("exits.log.1"), line(2));
  expect(countRecentDeaths(scratch.at("exits.log"), NOW)).toBe(1);
});

test("no log, or a folder in its place, is no end", () => {
  using scratch = openScratch();
  mkdirSync(scratch.at("folder"));
  expect([scratch.at("gone"), scratch.at("folder")].map((path) => countRecentDeaths(path, NOW))).toEqual([0, 0]);
});
