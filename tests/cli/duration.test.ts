import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseDuration, renderAge, renderDuration } from "../../src/cli/duration.ts";
import { list } from "../../src/cli/verbs/list.ts";
import { errorOf } from "../support/scratch.ts";

test.each([
  [0, "0 s"],
  [59.9, "59 s"],
  [60, "1 min"],
  [62, "1 min 2 s"],
  [3600, "1 h"],
  [11_520, "3 h 12 min"],
  [86_399, "23 h 59 min"],
  [86_400, "1 d"],
  [187_200, "2 d 4 h"],
  [-5, "0 s"],
])("%p seconds are %s", (secs, text) => {
  expect(renderDuration(secs)).toBe(text);
});

const NOW = new Date("2026-01-02T12:00:00.000Z");

test.each([
  ["2026-01-02T11:59:20.500Z", "39 s ago"],
  ["2026-01-02T11:54:50.000Z", "5 min ago"],
  ["2026-01-02T08:48:00.000Z", "3 h ago"],
  ["2025-12-30T08:00:00.000Z", "3 d ago"],
  ["2026-01-02T12:00:00.001Z", "0 s ago"],
  ["2026-01-02T12:00:01.999Z", "0 s ago"],
  ["2026-01-02T12:00:30.000Z", "30 s in the future"],
  ["2026-01-02T15:10:00.000Z", "3 h in the future"],
  ["2027-01-01T00:00:00.000Z", "363 d in the future"],
])("%s was %s", (ts, age) => {
  expect(renderAge(ts, NOW)).toBe(age);
});

test("no age is negative, and none has two units", () => {
  const when = fc.date({ noInvalidDate: true, min: new Date("2020-01-01"), max: new Date("2030-01-01") });
  fc.assert(
    fc.property(when, (date) => expect(renderAge(date.toISOString(), NOW)).toMatch(/^\d+ (s|min|h|d) (ago|in the future)$/)),
  );
});

describe("an option", () => {
  test.each([
    ["90s", 90_000],
    ["30m", 1_800_000],
    ["24h", 86_400_000],
    ["7d", 604_800_000],
    ["0s", 0],
  ])("%s is %p milliseconds", (text, ms) => {
    expect(parseDuration(list, "since", text)).toBe(ms);
  });

  test.each([["24"], ["h"], ["1w"], ["1.5h"], ["-1h"], ["1h30m"], ["24 h"], ["24H"], [" 1h"], ["1h\n"], ["9999999999d"]])(
    "%p is refused",
    (text) => {
      expect(errorOf(() => parseDuration(list, "since", text))).toMatchObject({
        code: "usage",
        message: expect.stringContaining("--since takes"),
      });
    },
  );
});
