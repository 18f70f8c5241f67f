import { expect, test } from "bun:test";
import fc from "fast-check";
import { describeIncident } from "../../../src/status/deaths/deaths.ts";
import { groupIncidents } from "../../../src/status/deaths/incidents.ts";
import type { Death, Verdict } from "../../../src/status/deaths/types.ts";

/** A server's death so many seconds after noon. */
function death(name: string, secs: number, more: Partial<Death> = {}): Death {
  const ts = new Date(Date.parse("2026-01-02T12:00:00.000Z") + secs * 1000).toISOString();
  return { id: `${name}@${secs}`, ts, ev: "server-exit", identity: `claude-${name}`, verdict: "unknown", ...more };
}

test.each([
  ["a lone death is no incident", [death("a", 0)], [undefined]],
  ["within 30 seconds", [death("b", 30), death("a", 0)], ["a@0", "a@0"]],
  ["not after more", [death("b", 30.001), death("a", 0)], [undefined, undefined]],
  ["each within 30 seconds of the one before", [death("c", 55), death("b", 28), death("a", 0)], ["a@0", "a@0", "a@0"]],
  ["sessions have none", [death("b", 1), death("a", 0, { ev: "session-exit" })], [undefined, undefined]],
  [
    "a server that dies again and again is none",
    [death("a", 20), death("a", 10), death("a", 0)],
    [undefined, undefined, undefined],
  ],
  [
    "one that was started again and died again is no part of what took the others",
    [death("a", 12), death("b", 10), death("a", 0)],
    [undefined, "a@0", "a@0"],
  ],
  [
    "two that were swept twice are two incidents",
    [death("b", 12), death("a", 11), death("b", 1), death("a", 0)],
    ["a@11", "a@11", "a@0", "a@0"],
  ],
  ["the order in which they are told does not matter", [death("a", 0), death("b", 5)], ["a@0", "a@0"]],
])("%s", (_, deaths, incidents) => {
  expect(groupIncidents(deaths).map(({ incident }) => incident)).toEqual(incidents);
});

test("whatever died when, each stays as it was but for its incident, and no incident has one death or one identity twice", () => {
  const any = fc.array(fc.tuple(fc.constantFrom("a", "b", "c", "d"), fc.nat(200)), { maxLength: 20 });
  fc.assert(
    fc.property(any, (told) => {
      const deaths = told.map(([name, secs], index) => death(name, secs, { id: String(index) }));
      const grouped = groupIncidents(deaths);
      expect(grouped.map(({ incident: _incident, ...rest }) => rest)).toEqual(deaths);
      for (const members of Map.groupBy(
        grouped.filter(({ incident }) => incident !== undefined),
        ({ incident }) => incident,
      ).values()) {
        expect(members.length).toBeGreaterThan(1);
        expect(new Set(members.map(({ identity }) => identity)).size).toBe(members.length);
      }
    }),
  );
});

function incidentOf(verdicts: readonly Verdict[], more: Partial<Death> = {}): ReturnType<typeof describeIncident> {
  return describeIncident(verdicts.map((verdict, index) => death(String(index), index, { verdict, ...more })).toReversed());
}

test.each([
  [["host-restart", "host-restart"], "host-restart", /^likely host-restart/],
  [["oom-kill", "oom-kill", "unknown"], "oom-kill", /^likely oom-kill/],
  [["orderly-exit", "orderly-exit"], "orderly-exit", /^likely an orderly end of all: kill-server/],
  [["crashed", "crashed"], "crashed", /^likely/],
  [["killed", "killed"], "killed", /^likely killed by one sweep$/],
  [["oom-kill", "killed"], "unknown", /not known$/],
  [["oom-kill", "killed", "crashed"], "unknown", /not known$/],
  [["unknown", "unknown", "oom-kill"], "unknown", /not known$/],
] as const)("what %p have in common is %s", (verdicts, verdict, reason) => {
  expect(incidentOf(verdicts)).toEqual({
    count: verdicts.length,
    from: "2026-01-02T12:00:00.000Z",
    to: `2026-01-02T12:00:0${verdicts.length - 1}.000Z`,
    verdict,
    reason: expect.stringMatching(reason),
  });
});

test("a sweep with SIGKILL is named", () => {
  expect(incidentOf(["killed", "killed"], { signal: "KILL" }).reason).toBe("likely killed by a sweep such as pkill -KILL");
});
