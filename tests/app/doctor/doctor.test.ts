import { describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { judgeTmux, findMissing } from "../../../src/app/doctor/tools.ts";
import { checkClock } from "../../../src/app/doctor/clock.ts";
import { checkFolders, checkLogs } from "../../../src/app/doctor/places.ts";
import { judgeScenario, type Scenario } from "../../../src/app/doctor/self-test.ts";
import { layoutIn } from "../../support/registry.ts";
import { openScratch } from "../../support/scratch.ts";
import { writeProgram } from "../../support/script-file.ts";

describe("tmux", () => {
  test.each([
    ["2.9", "error", /cannot hold sessions/],
    ["3.1c", "error", /cannot hold sessions/],
    ["3.2", "warning", /pane_dead_signal/],
    ["3.3a", "ok", /would miss one end of an agent in five/],
    ["3.4", "ok", /would miss one end of an agent in five/],
    ["3.5", "ok", /^tmux 3\.5 at \/bin\/tmux$/],
    ["next-3.6", "ok", /^tmux next-3\.6 at/],
    ["4.0", "ok", /^tmux 4\.0 at/],
    ["master", "ok", /without a number/],
    [undefined, "error", /does not say its version/],
  ] as const)("%s is %s", (version, state, message) => {
    expect(judgeTmux("/bin/tmux", version)).toMatchObject({ check: "tmux", state, message: expect.stringMatching(message) });
  });
});

test("a program is missing that is in none of the folders, or may not be run", () => {
  using scratch = openScratch();
  writeProgram(scratch.at("there"), "#!/bin/sh\n");
  writeProgram(scratch.at("not-to-be-run"), "#!/bin/sh\n", 0o600);
  expect(findMissing(["there", "not-to-be-run", "nowhere"], `/nonexistent:${scratch.path}`)).toEqual([
    "not-to-be-run",
    "nowhere",
  ]);
});

describe("the clock", () => {
  const NOW = new Date("2026-05-01T12:00:00Z");

  function look(line: string, now = NOW) {
    using scratch = openScratch();
    const layout = layoutIn(scratch);
    mkdirSync(dirname(layout.exitsLog), { recursive: true });
    writeFileSync(layout.exitsLog, line);
    return checkClock(layout, now);
  }

  test.each([
    ["without a log", ""],
    ["a line of now", "ts=2026-05-01T12:00:00.000Z ev=x\n"],
    ["a line of a moment later: clocks are set a little back and forth", "ts=2026-05-01T12:00:04.000Z ev=x\n"],
    ["a time that is none", "ts=soon ev=x\n"],
    ["a line that has no end yet", "ts=2027-01-01T00:00:00.000Z ev=x"],
    [
      "an older line from the future, and a right one after it",
      "ts=2027-01-01T00:00:00.000Z ev=x\nts=2026-05-01T11:00:00.000Z ev=x\n",
    ],
  ])("is right: %s", (_, text) => {
    expect(look(text)).toEqual([expect.objectContaining({ state: "ok" })]);
  });

  test("is behind a newest line from the future", () => {
    expect(look("ts=2026-05-01T12:00:06.000Z ev=x\n")).toEqual([
      expect.objectContaining({ state: "warning", message: expect.stringContaining("newest line of exits.log") }),
    ]);
  });

  test("is wrong before 2025, as on a board without a battery", () => {
    expect(look("", new Date(0))).toEqual([
      expect.objectContaining({ state: "error", message: "the clock says 1970-01-01T00:00:00.000Z" }),
    ]);
  });
});

describe("folders and logs", () => {
  test("what is missing can be made, as long as nothing is in its way", () => {
    using scratch = openScratch();
    const layout = layoutIn(scratch);
    expect(checkFolders(layout)).toEqual([expect.objectContaining({ state: "ok" })]);
    mkdirSync(`${layout.root}/state`, { mode: 0o700 });
    writeFileSync(`${layout.root}/state/iapeer`, "");
    expect(checkFolders({ ...layout, root: `${layout.root}/state/iapeer/below` })).toContainEqual(
      expect.objectContaining({ state: "error", message: expect.stringContaining("is not a folder") }),
    );
  });

  test("a folder that others may write is an error that says which", () => {
    using scratch = openScratch();
    const layout = layoutIn(scratch);
    mkdirSync(layout.stateFolder, { recursive: true });
    chmodSync(layout.stateFolder, 0o777);
    expect(checkFolders(layout)).toEqual([
      expect.objectContaining({ state: "error", message: `the state folder ${layout.stateFolder} may be written by others` }),
    ]);
  });

  test("a log that is a link or a folder takes no record", () => {
    using scratch = openScratch();
    const layout = layoutIn(scratch);
    mkdirSync(layout.lifecycleLog, { recursive: true });
    symlinkSync("/dev/null", layout.exitsLog);
    expect(checkLogs(layout).map(({ state, message }) => [state, message.replace(/.*\//, "").replace(/:.*/, "")])).toEqual([
      ["error", "exits.log is a symbolic link"],
      ["error", "lifecycle.log is a folder"],
    ]);
  });
});

describe("the self-test's judge", () => {
  const scenario: Scenario = {
    check: "c",
    personality: "x",
    claim: "it works",
    record: { ev: "server-exit", signal: "KILL" },
    end: async () => await Promise.resolve(),
  };
  const record = { ev: "server-exit", identity: "test-x", signal: "KILL", verdict: "killed" };
  const judge = (records: Record<string, string>[], troubles: string[] = []) => judgeScenario(scenario, records, troubles);

  test("is content with one right record, whatever others have", () => {
    expect(judge([record, { ...record, identity: "test-y" }])).toEqual({ check: "c", state: "ok", message: "it works" });
  });

  test.each([
    ["none", [], "came: none"],
    ["two", [record, record], "came: ev=server-exit signal=KILL verdict=killed; and ev=server-exit signal=KILL verdict=killed"],
    ["another", [{ ...record, signal: "TERM" }], "came: ev=server-exit signal=TERM verdict=killed"],
  ])("says what was expected and what came: %s", (_, records, came) => {
    expect(judge(records)).toEqual({
      check: "c",
      state: "error",
      message: `expected: one record with ev=server-exit signal=KILL; ${came}`,
    });
  });

  test("says what went wrong on the way, though the record be right", () => {
    expect(judge([record], ["its canary does not end"])).toMatchObject({
      state: "error",
      message: expect.stringContaining("; its canary does not end"),
    });
  });

  test("of an end that is wanted there must be none", () => {
    expect(judgeScenario({ ...scenario, record: null }, [], []).state).toBe("ok");
    expect(judgeScenario({ ...scenario, record: null }, [record], [])).toMatchObject({
      state: "error",
      message: expect.stringMatching(/^expected: no record; came: ev=server-exit/),
    });
  });
});
